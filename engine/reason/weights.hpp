#pragma once

#include "engine/base/json.hpp"
#include "engine/model/verdict.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::reason {

/// The kind of a response's target that is the alert itself.
inline constexpr const char* alert_target = "alert";

/// The flag of text that looks like instructions to a model. It may never be a weight.
inline constexpr std::string_view injection_suspected = "injection_suspected";

/// What people taught: signals of this family raise or lower, at most by `most_learned`, close
/// nothing, and carry no action. Whatever the file says.
inline constexpr std::string_view learned_family = "people.";
inline constexpr double most_learned = 1.5;

/// In the data of evidence `alert`: how far the alert is borne out by the event that it carries.
inline constexpr std::string_view borne_out = "borne_out";

/// What one signal says, in log-odds (natural logarithm): positive speaks for malice.
struct Weight {
  double weight = 0;
  /// What a negative weight means where it closes the alert: `benign` (it happened and is allowed)
  /// or `false_positive` (the detection is wrong). Empty: it lowers, but does not close by itself.
  std::optional<model::Judgement> closes;
  /// It makes the rest more likely, but nobody saw malice in it: it raises, is no source, and
  /// carries no action.
  bool circumstance = false;
};

/// Log-odds before anything else is known, by the severity that the product gave.
struct Prior {
  double unknown = 0;
  double informational = 0;
  double low = 0;
  double medium = 0;
  double high = 0;
  double critical = 0;
};

/// Where a probability of malice becomes a verdict.
struct Thresholds {
  double malicious = 0.9;   ///< At and above.
  double suspicious = 0.5;  ///< At and above.
  double close = 0.1;       ///< Below, with evidence for it: benign or false positive.
};

/// How sure the reasoner may be, computed and never asked for.
struct Confidence {
  double ceiling = 0.99;
  double one_source = 0.85;      ///< At most, when a single source speaks for the verdict.
  double missing_factor = 0.93;  ///< Multiplied once for each piece of evidence that failed.
};

/// What the verdict of a language model adds to the sum, in log-odds: it moves the confidence, and
/// by less where what it cites is one source. See Reasoner for what it cannot do.
struct OpinionWeights {
  double malicious = 2;
  double suspicious = 1;
  double inconclusive = 0;
  double benign = -1.5;
  double false_positive = -1.5;
};

/// A response's target among the entities of the alert.
struct TargetChoice {
  std::string kind;                     ///< host, user, ip, ... or alert: the alert itself.
  std::vector<std::string> roles;       ///< Empty: any.
  std::vector<std::string> flagged_by;  ///< Only entities that evidence with one of these names.
  bool public_address = false;          ///< Only addresses that are routed on the internet.
  std::uint32_t limit = 1;              ///< At most so many targets.
};

/// When a response is called for: all that is said must hold.
struct Conditions {
  std::vector<model::Judgement> verdicts;
  double min_confidence = 0;
  std::vector<std::string> any;   ///< At least one of these signals is there; empty: no matter.
  std::vector<std::string> all;   ///< All of these.
  std::vector<std::string> none;  ///< None of these.
};

/// One line of the responses table.
struct Response {
  std::string action;  ///< A verb of the catalogue.
  TargetChoice target;
  Conditions when;
  json::object parameters;
  /// Parameters whose value is an entity of the alert, e.g. the host of a process. Without such an
  /// entity the response is not proposed.
  std::map<std::string, TargetChoice, std::less<>> parameters_from;
  std::string why;
  bool fallback = false;  ///< Only while nothing else is proposed: the first that holds.
};

/// How far an alert of `untrusted_sources` that carries an event is borne out by it: which words of
/// its title and its description stand in the event. One that carries none is taken at its word.
struct Corroboration {
  std::string signal;        ///< Its strength is the share; empty: nobody looks.
  std::uint32_t fewest = 6;  ///< A claim of fewer words counts like one of so many.
  std::uint32_t most = 24;   ///< Words of a claim that are looked for.
  /// What the title and the techniques of such an alert count where all of it is borne out; less in
  /// proportion where less is.
  double believed = 1;
  std::vector<std::string> ignored;  ///< Words that say nothing: articles, products.
};

/// The part of config/reasoner.yaml that this room reads. `signals`, `sensor_fields` and
/// `untrusted_sources` belong to the room investigate.
struct ReasonerFile {
  Prior prior;
  /// Of severities that anybody could have written, beside an event; empty: `prior`.
  std::optional<Prior> claimed;
  Corroboration corroboration;
  std::map<std::string, Weight, std::less<>> weights;
  Thresholds thresholds;
  Confidence confidence;
  OpinionWeights opinion;
  std::vector<Response> responses;
  json::value signals;
  json::value sensor_fields;
  json::value untrusted_sources;
};

BOOST_DESCRIBE_STRUCT(Weight, (), (weight, closes, circumstance))
BOOST_DESCRIBE_STRUCT(Prior, (), (unknown, informational, low, medium, high, critical))
BOOST_DESCRIBE_STRUCT(Thresholds, (), (malicious, suspicious, close))
BOOST_DESCRIBE_STRUCT(Confidence, (), (ceiling, one_source, missing_factor))
BOOST_DESCRIBE_STRUCT(OpinionWeights,
                      (),
                      (malicious, suspicious, inconclusive, benign, false_positive))
BOOST_DESCRIBE_STRUCT(TargetChoice, (), (kind, roles, flagged_by, public_address, limit))
BOOST_DESCRIBE_STRUCT(Conditions, (), (verdicts, min_confidence, any, all, none))
BOOST_DESCRIBE_STRUCT(Response,
                      (),
                      (action, target, when, parameters, parameters_from, why, fallback))
BOOST_DESCRIBE_STRUCT(Corroboration, (), (signal, fewest, most, believed, ignored))
BOOST_DESCRIBE_STRUCT(ReasonerFile,
                      (),
                      (prior,
                       claimed,
                       corroboration,
                       weights,
                       thresholds,
                       confidence,
                       opinion,
                       responses,
                       signals,
                       sensor_fields,
                       untrusted_sources))

}  // namespace sallyport::reason
