#include "engine/investigate/signals.hpp"

#include "engine/base/cut.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/json.hpp"
#include "engine/investigate/finding_record.hpp"
#include "engine/match/pattern_set.hpp"
#include "engine/match/ruleset.hpp"

#include <algorithm>
#include <tuple>
#include <variant>

namespace sallyport::investigate {

/// One entry of `signals`, as it is written.
struct SignalEntry {
  std::string name;
  model::Trust trust = model::Trust::untrusted;
  double strength = 1;
  bool flag = false;
  json::value when;
};
BOOST_DESCRIBE_STRUCT(SignalEntry, (), (name, trust, strength, flag, when))

namespace {

struct Rule {
  std::string name;
  model::Trust trust;
  double strength;
  bool flag;
  bool claim;  ///< It asks what the alert says of itself, not what happened.
  /// Where it is a search of the whole text by expressions and nothing else: theirs of the set.
  std::vector<std::size_t> patterns;
};

/// Detections that are asked together, and whose they are.
struct Questions {
  match::Ruleset detections;
  std::vector<std::size_t> rule_of;

  void add(match::Detection detection, std::size_t rule) {
    detections.add(std::move(detection));
    rule_of.push_back(rule);
  }

  void ask(const match::Record& record, std::vector<bool>& holds) const {
    detections.match(record, [&](std::size_t number) { holds[rule_of[number]] = true; });
  }
};

}  // namespace

struct SignalRules::Compiled {
  std::vector<Rule> rules;
  /// Of the whole text by expressions alone; asked one by one where `patterns` cannot say.
  Questions searches;
  Questions others;
  std::optional<match::PatternSet> patterns;  ///< Of `searches`.

  /// Which rules hold.
  [[nodiscard]] std::vector<bool> ask(const FindingRecord& record) const {
    std::vector<bool> holds(rules.size());
    others.ask(record, holds);
    if (!search(record, holds)) searches.ask(record, holds);
    return holds;
  }

 private:
  /// All expressions in one pass over the text; false: they have to be asked one by one.
  bool search(const FindingRecord& record, std::vector<bool>& holds) const {
    std::optional<std::vector<bool>> found;
    if (!patterns) return false;
    record.visit_all([&](const match::Scalar& scalar) {
      if (const auto* text = std::get_if<std::string_view>(&scalar)) found = patterns->in(*text);
      return true;
    });
    if (!found) return false;
    for (const auto rule : searches.rule_of)
      holds[rule] = std::ranges::any_of(rules[rule].patterns, [&](auto i) { return (*found)[i]; });
    return true;
  }
};

namespace {

constexpr std::size_t max_summary = 200;

bool is_under(std::string_view field, std::string_view prefix) {
  return field.starts_with(prefix) &&
         (field.size() == prefix.size() || field[prefix.size()] == '.');
}

/// Whether `block` searches every field: a text (not a map) where selections stand. Such a search
/// reads what attackers write.
bool has_keywords(const json::value& block) {
  if (const auto* list = block.if_array()) return std::ranges::any_of(*list, has_keywords);
  if (const auto* map = block.if_object()) {
    const auto* nested = map->if_contains("condition");
    return std::ranges::any_of(*map, [&](const auto& item) {
      const auto key = item.key();
      if (key.starts_with('|')) return true;
      return nested && key != "condition" && has_keywords(item.value());
    });
  }
  return true;
}

/// The expressions of a block that is a list of searches of all fields: one of them has to be
/// there. Empty: it is another block.
std::vector<std::string> searches_of(const json::value& block) {
  const auto* list = block.if_array();
  if (!list) return {};
  std::vector<std::string> expressions;
  for (const auto& item : *list) {
    const auto* map = item.if_object();
    const auto* expression = map && map->size() == 1 ? map->if_contains("|re") : nullptr;
    if (!expression || !expression->is_string()) return {};
    expressions.emplace_back(std::string_view{expression->get_string()});
  }
  return expressions;
}

void check_sensor(const SignalEntry& entry,
                  const match::Detection& detection,
                  const std::vector<std::string>& allowed,
                  const std::string& at,
                  Faults& faults) {
  if (has_keywords(entry.when))
    faults.push_back(
        {at, "a signal of trust sensor cannot search all fields: attackers write some"});
  for (const auto& field : detection.fields()) {
    if (std::ranges::none_of(allowed, [&](const auto& a) { return is_under(field.whole, a); }))
      faults.push_back(
          {at,
           fmt::format("'{}' is not under sensor_fields: trust must be untrusted, or name the "
                       "field there if no attacker can write it",
                       field.whole)});
  }
}

/// Whether it asks about the detection alone: a product's judgement, a title.
bool is_claim(const SignalEntry& entry, const match::Detection& detection) {
  if (entry.trust == model::Trust::sensor) return true;
  return !has_keywords(entry.when) &&
         std::ranges::all_of(detection.fields(), [](const auto& field) {
           return is_under(field.whole, "finding_info");
         });
}

/// What the evidence that an alert is says of it.
struct SensorFacts {
  std::string_view source;
  std::string_view detection;
  std::string_view severity;
  std::string_view alert;  ///< Its content hash.
  std::optional<std::vector<std::string_view>> techniques;
  std::optional<double> borne_out;  ///< Under the name reason::borne_out.
};
BOOST_DESCRIBE_STRUCT(SensorFacts, (), (source, detection, severity, alert, techniques, borne_out))

SensorFacts facts_of(const model::Alert& alert) {
  SensorFacts facts{.source = alert.source,
                    .detection = alert.detection,
                    .severity = name_of(alert.severity),
                    .alert = alert.content_hash,
                    .techniques = std::nullopt,
                    .borne_out = std::nullopt};
  if (!alert.techniques.empty())
    facts.techniques.emplace(alert.techniques.begin(), alert.techniques.end());
  return facts;
}

model::Evidence about_the_alert(const model::Alert& alert) {
  model::Evidence evidence{.id = {},
                           .source = "alert",
                           .status = model::EvidenceStatus::found,
                           .trust = model::Trust::sensor,
                           .summary = {},
                           .hash = {},
                           .observed_at = alert.received_at,
                           .signals = {},
                           .data = {}};
  evidence.summary = fmt::format("{} reports {} at severity {}",
                                 alert.source,
                                 cut(alert.detection, max_summary),
                                 name_of(alert.severity));
  return evidence;
}

model::Evidence about_its_text(const model::Alert& alert) {
  return {.id = {},
          .source = "alert.text",
          .status = model::EvidenceStatus::found,
          .trust = model::Trust::untrusted,
          .summary = "text in the alert, which an attacker could have written, matches:",
          .hash = {},
          .observed_at = alert.received_at,
          .signals = {},
          .data = {{"alert", alert.content_hash}}};
}

}  // namespace

SignalRules::SignalRules(std::shared_ptr<const Compiled> compiled,
                         std::vector<std::string> untrusted,
                         const reason::Corroboration& corroboration)
    : compiled_{std::move(compiled)},
      untrusted_sources_{std::move(untrusted)},
      borne_out_{corroboration.signal},
      believed_{corroboration.believed},
      claims_{std::make_shared<const Claims>(corroboration)} {}

std::optional<SignalRules> SignalRules::read(const reason::ReasonerFile& file, Faults& faults) {
  const auto& [signals, sensor_fields, untrusted_sources] =
      std::tie(file.signals, file.sensor_fields, file.untrusted_sources);
  Faults own;
  std::vector<std::string> allowed;
  if (!sensor_fields.is_null()) read_json(sensor_fields, allowed, own, "/sensor_fields");
  std::vector<std::string> untrusted;
  if (!untrusted_sources.is_null())
    read_json(untrusted_sources, untrusted, own, "/untrusted_sources");
  std::vector<SignalEntry> entries;
  if (!signals.is_null()) read_json(signals, entries, own, "/signals");
  auto compiled = std::make_shared<Compiled>();
  std::vector<std::string> expressions;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& entry = entries[i];
    const auto at = child("/signals", i);
    if (entry.name.empty()) own.push_back({at, "name is missing"});
    if (entry.trust == model::Trust::trusted)
      own.push_back({child(at, "trust"), "an alert is at most sensor: it is not our own record"});
    if (!(entry.strength > 0 && entry.strength <= 1))
      own.push_back({child(at, "strength"), "must be above 0 and at most 1"});
    const auto when = child(at, "when");
    if (entry.when.is_null()) {
      own.push_back({at, "when is missing: the detection block to look for"});
      continue;
    }
    auto detection = match::Detection::compile(entry.when, own, when);
    if (!detection) continue;
    if (entry.trust == model::Trust::sensor) check_sensor(entry, *detection, allowed, when, own);
    const bool claim = is_claim(entry, *detection);
    std::vector<std::size_t> own_patterns;
    for (auto& expression : searches_of(entry.when)) {
      own_patterns.push_back(expressions.size());
      expressions.push_back(std::move(expression));
    }
    auto& questions = own_patterns.empty() ? compiled->others : compiled->searches;
    questions.add(*std::move(detection), compiled->rules.size());
    compiled->rules.push_back(
        {entry.name, entry.trust, entry.strength, entry.flag, claim, std::move(own_patterns)});
  }
  const bool broken = has_errors(own);
  faults.insert(faults.end(), own.begin(), own.end());
  if (broken) return std::nullopt;
  compiled->patterns = match::PatternSet::compile(expressions);
  return SignalRules{std::move(compiled), std::move(untrusted), file.corroboration};
}

AlertReading SignalRules::read(const model::Alert& alert) const {
  const FindingRecord record{alert.finding};
  AlertReading reading;
  auto sensor = about_the_alert(alert);
  auto facts = facts_of(alert);
  auto text = about_its_text(alert);
  double belief = 1;
  if (std::ranges::find(untrusted_sources_, alert.source) != untrusted_sources_.end()) {
    sensor.trust = model::Trust::untrusted;
    if (const auto share = borne_out_.empty() ? std::nullopt : claims_->borne_out(alert)) {
      facts.borne_out = *share;
      belief = believed_ * *share;
      text.signals.push_back({.name = borne_out_, .strength = *share});
      text.summary += " " + borne_out_;
    }
  }
  const auto holds = compiled_->ask(record);
  for (std::size_t i = 0; i < holds.size(); ++i) {
    if (!holds[i]) continue;
    const auto& rule = compiled_->rules[i];
    auto& evidence = rule.trust == model::Trust::sensor ? sensor : text;
    evidence.signals.push_back(
        {.name = rule.name, .strength = rule.claim ? rule.strength * belief : rule.strength});
    if (&evidence == &text) text.summary += " " + rule.name;
    if (rule.flag && std::ranges::find(reading.flags, rule.name) == reading.flags.end())
      reading.flags.push_back(rule.name);
  }
  sensor.data = model::Facts::of(facts);
  reading.evidence.push_back(std::move(sensor));
  if (!text.signals.empty()) reading.evidence.push_back(std::move(text));
  return reading;
}

}  // namespace sallyport::investigate
