#pragma once

#include "engine/model/decision.hpp"
#include "engine/model/evidence.hpp"
#include "engine/model/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::model {

enum class Judgement : std::uint8_t { malicious, suspicious, benign, false_positive, inconclusive };

/// One term of the sum that led to the verdict.
struct Term {
  std::string term;   ///< The signal, or `prior`.
  double weight = 0;  ///< Log-odds: positive speaks for malice.
  std::vector<std::string> evidence;
};

/// An action that the investigation calls for.
struct Proposal {
  std::string action;
  Target target;
  json::object parameters;
  std::vector<std::string> evidence;
  bool grounded = true;
  std::string why;
  std::optional<Decision> decision;      ///< Once the gate was asked.
  std::optional<std::string> action_id;  ///< Once it is an Action of the engine.
};

struct Timings {
  std::int64_t total = 0;
  std::int64_t context = 0;
  std::int64_t enrich = 0;
  std::int64_t reason = 0;
};

struct Cost {
  std::int64_t tokens_in = 0;
  std::int64_t tokens_out = 0;
  double usd = 0;
};

/// The document of one investigation: INTERFACES "The verdict document".
struct Verdict {
  std::string investigation;
  std::string tenant;
  std::vector<std::string> alerts;  ///< metadata.uid of each
  std::string title;
  std::string severity;
  Judgement verdict = Judgement::inconclusive;
  double confidence = 0;
  std::string reasoner;
  std::vector<std::string> techniques;
  std::vector<std::string> flags;
  bool partial = false;
  std::vector<std::string> missing;
  std::vector<Evidence> evidence;
  std::vector<Term> explanation;
  std::vector<Proposal> proposals;
  Time concluded_at;
  Timings timing_ms;
  Cost cost;
};

BOOST_DESCRIBE_ENUM(Judgement, malicious, suspicious, benign, false_positive, inconclusive)
BOOST_DESCRIBE_STRUCT(Term, (), (term, weight, evidence))
BOOST_DESCRIBE_STRUCT(Proposal,
                      (),
                      (action, target, parameters, evidence, grounded, why, decision, action_id))
BOOST_DESCRIBE_STRUCT(Timings, (), (total, context, enrich, reason))
BOOST_DESCRIBE_STRUCT(Cost, (), (tokens_in, tokens_out, usd))
BOOST_DESCRIBE_STRUCT(Verdict,
                      (),
                      (investigation,
                       tenant,
                       alerts,
                       title,
                       severity,
                       verdict,
                       confidence,
                       reasoner,
                       techniques,
                       flags,
                       partial,
                       missing,
                       evidence,
                       explanation,
                       proposals,
                       concluded_at,
                       timing_ms,
                       cost))

}  // namespace sallyport::model
