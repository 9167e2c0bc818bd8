#pragma once

#include "engine/model/decision.hpp"
#include "engine/model/evidence.hpp"
#include "engine/model/request.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
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
  std::optional<double> usd;         ///< Empty: not measured, see `price`.
  std::optional<std::string> price;  ///< `not measured` where a model has no price.
};

/// What a language model thinks may have happened, with what speaks against it.
struct Hypothesis {
  std::string statement;
  Judgement verdict = Judgement::inconclusive;
  std::vector<std::string> supporting;  ///< Ids of evidence.
  std::vector<std::string> refuting;
};

/// Words that stand in the evidence as they are quoted.
struct Citation {
  std::string evidence;
  std::string quote;
};

/// What a language model said, after its every claim was checked. The verdict may differ: text can
/// talk a model into much, and the engine into nothing.
struct Opinion {
  std::string model;
  Judgement said = Judgement::inconclusive;
  std::string kept;  ///< Why the verdict is not what it said; empty: it is.
  std::string summary;
  std::vector<Hypothesis> hypotheses;
  std::vector<Citation> citations;
  std::vector<std::string> techniques;
};

/// One question to a language model.
struct ModelCall {
  std::string role;  ///< reader, judge, repair
  std::string model;
  std::string outcome;  ///< reason::CallOutcome
  std::string detail;
  std::uint32_t attempts = 0;
  std::int64_t tokens_in = 0;
  std::int64_t tokens_out = 0;
  std::int64_t tokens_cached = 0;
  bool measured = false;      ///< False: the tokens are our own estimate.
  std::optional<double> usd;  ///< Empty: not measured.
  std::optional<std::int64_t> first_token_ms;
  std::int64_t took_ms = 0;
};

/// Bytes that records refer to by their hash: what an investigation read, the rules it went by.
struct Kept {
  std::string hash;  ///< content_hash of `text`.
  std::string text;
  /// When it was last written down, in hours since 1970; -1: never. So that what many
  /// investigations refer to is written once an hour, not each time.
  mutable std::atomic<std::int64_t> written{-1};
};

/// How many alerts of an investigation a document lists.
inline constexpr std::size_t most_listed_alerts = 100;

/// The document of one investigation: INTERFACES "The verdict document".
struct Verdict {
  std::string investigation;
  std::string tenant;
  std::vector<std::string> alerts;  ///< metadata.uid of each, the oldest first; at most 100
  std::uint64_t count = 1;          ///< Of its alerts, those that are not listed too.
  std::uint32_t version = 1;        ///< Rises each time that a later alert changed the verdict.
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
  std::optional<Opinion> opinion;  ///< Of a language model that concluded.
  std::optional<std::vector<ModelCall>> model_calls;
  std::optional<std::string> recording;  ///< Hash of what it can be replayed from; empty: nothing.
  /// The bytes behind `recording`, until they are stored with it. No part of the document.
  std::vector<std::shared_ptr<const Kept>> kept;
};

BOOST_DESCRIBE_ENUM(Judgement, malicious, suspicious, benign, false_positive, inconclusive)
BOOST_DESCRIBE_STRUCT(Term, (), (term, weight, evidence))
BOOST_DESCRIBE_STRUCT(Proposal,
                      (),
                      (action, target, parameters, evidence, grounded, why, decision, action_id))
BOOST_DESCRIBE_STRUCT(Timings, (), (total, context, enrich, reason))
BOOST_DESCRIBE_STRUCT(Cost, (), (tokens_in, tokens_out, usd, price))
BOOST_DESCRIBE_STRUCT(Hypothesis, (), (statement, verdict, supporting, refuting))
BOOST_DESCRIBE_STRUCT(Citation, (), (evidence, quote))
BOOST_DESCRIBE_STRUCT(Opinion, (), (model, said, kept, summary, hypotheses, citations, techniques))
BOOST_DESCRIBE_STRUCT(ModelCall,
                      (),
                      (role,
                       model,
                       outcome,
                       detail,
                       attempts,
                       tokens_in,
                       tokens_out,
                       tokens_cached,
                       measured,
                       usd,
                       first_token_ms,
                       took_ms))
BOOST_DESCRIBE_STRUCT(Verdict,
                      (),
                      (investigation,
                       tenant,
                       alerts,
                       count,
                       version,
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
                       cost,
                       opinion,
                       model_calls,
                       recording))

}  // namespace sallyport::model
