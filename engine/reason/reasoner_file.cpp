#include "engine/reason/reasoner.hpp"
#include "engine/reason/responses.hpp"

#include <algorithm>
#include <cmath>

namespace sallyport::reason {

namespace {

constexpr std::uint32_t most_claimed_words = 256;
constexpr double max_weight = 10;  // one signal alone never decides beyond all others

void check_number(double value, double low, double high, const std::string& at, Faults& faults) {
  if (!std::isfinite(value) || value < low || value > high)
    faults.push_back({at, fmt::format("{} is not between {} and {}", value, low, high)});
}

void check_weights(const ReasonerFile& file, Faults& faults) {
  for (const auto& [name, weight] : file.weights) {
    const auto at = child("/weights", name);
    check_number(weight.weight, -max_weight, max_weight, child(at, "weight"), faults);
    if (name == injection_suspected)
      faults.push_back({at, "a suspicion of injection may not count: it is a flag"});
    if (name.starts_with(learned_family) && std::abs(weight.weight) > most_learned)
      faults.push_back(
          {child(at, "weight"), fmt::format("what people taught weighs at most {}", most_learned)});
    if (weight.circumstance && weight.weight < 0)
      faults.push_back({child(at, "circumstance"), "a circumstance can only raise"});
    if (!weight.closes) continue;
    if (name.starts_with(learned_family))
      faults.push_back({child(at, "closes"), "what people taught never closes an alert by itself"});
    if (*weight.closes != model::Judgement::benign &&
        *weight.closes != model::Judgement::false_positive)
      faults.push_back({child(at, "closes"), "can only be benign or false_positive"});
    if (weight.weight >= 0)
      faults.push_back({child(at, "closes"), "only a negative weight can close"});
  }
}

void check_scales(const ReasonerFile& file, Faults& faults) {
  const auto& t = file.thresholds;
  check_number(t.malicious, 0.5, 1, "/thresholds/malicious", faults);
  check_number(t.suspicious, 0, t.malicious, "/thresholds/suspicious", faults);
  check_number(t.close, 0, t.suspicious, "/thresholds/close", faults);
  const auto& c = file.confidence;
  check_number(c.ceiling, 0, 1, "/confidence/ceiling", faults);
  check_number(c.one_source, 0, 1, "/confidence/one_source", faults);
  check_number(c.missing_factor, 0, 1, "/confidence/missing_factor", faults);
  const auto& o = file.opinion;
  for (const auto value : {o.malicious, o.suspicious})
    check_number(value, 0, max_weight, "/opinion", faults);
  check_number(o.inconclusive, 0, 0, "/opinion/inconclusive", faults);
  for (const auto value : {o.benign, o.false_positive})
    check_number(value, -max_weight, 0, "/opinion", faults);
  const auto check_prior = [&](const Prior& p, const char* at) {
    for (const auto value : {p.unknown, p.informational, p.low, p.medium, p.high, p.critical})
      check_number(value, -max_weight, max_weight, at, faults);
  };
  check_prior(file.prior, "/prior");
  if (file.claimed) check_prior(*file.claimed, "/claimed");
  const auto& words = file.corroboration;
  check_number(words.believed, 0, 1, "/corroboration/believed", faults);
  if (words.fewest == 0 || words.fewest > words.most || words.most > most_claimed_words)
    faults.push_back({"/corroboration",
                      fmt::format("1 <= fewest <= most <= {} does not hold", most_claimed_words)});
}

/// Every placeholder is known, and every parameter that the verb demands is there.
void check_parameters(const Response& response,
                      const model::Verb& verb,
                      const std::string& at,
                      Faults& faults) {
  for (const auto& item : response.parameters) {
    const auto* text = item.value().if_string();
    std::string_view rest = text ? std::string_view{*text} : std::string_view{};
    while (const auto part = next_placeholder(rest)) {
      if (!is_placeholder(part->name))
        faults.push_back({child(child(at, "parameters"), item.key()),
                          fmt::format("'{}' cannot be put in here", part->name)});
      rest = part->after;
    }
  }
  const auto* required = verb.parameters.if_contains("required");
  if (!required || !required->is_array()) return;
  for (const auto& name : required->get_array()) {
    const auto* text = name.if_string();
    if (!text || response.parameters.contains(*text) ||
        response.parameters_from.contains(std::string_view{*text}))
      continue;
    faults.push_back(
        {at, fmt::format("{} needs the parameter '{}'", response.action, std::string_view{*text})});
  }
}

void check_response(const Response& response,
                    const model::Catalogue& catalogue,
                    const std::string& at,
                    Faults& faults) {
  const auto* verb = catalogue.find(response.action);
  if (!verb) {
    faults.push_back({child(at, "action"),
                      fmt::format("'{}' is not a verb of schemas/actions.yaml", response.action)});
    return;
  }
  if (std::ranges::find(verb->targets, response.target.kind) == verb->targets.end())
    faults.push_back(
        {child(at, "target"),
         fmt::format(
             "{} does not take a target of kind '{}'", response.action, response.target.kind)});
  check_parameters(response, *verb, at, faults);
}

/// Whether `response` proposes something for every alert that is judged `verdict`.
bool always_answers(const Response& response, model::Judgement verdict) {
  const auto& when = response.when;
  return response.fallback && !closes(response) && response.target.kind == alert_target &&
         response.parameters_from.empty() && when.min_confidence <= 0 && when.any.empty() &&
         when.all.empty() && when.none.empty() &&
         (when.verdicts.empty() ||
          std::ranges::find(when.verdicts, verdict) != when.verdicts.end());
}

void check_completeness(const ReasonerFile& file, Faults& faults) {
  using enum model::Judgement;
  for (const auto verdict : {malicious, suspicious, benign, false_positive, inconclusive}) {
    if (std::ranges::none_of(file.responses,
                             [&](const Response& r) { return always_answers(r, verdict); }))
      faults.push_back(
          {"/responses",
           fmt::format("no unconditional fallback that leaves the alert open, with target "
                       "kind alert, for the verdict {}: every alert must lead to a "
                       "decision",
                       name_of(verdict))});
  }
}

}  // namespace

std::optional<Reasoner> Reasoner::read(const json::value& document,
                                       const model::Catalogue& catalogue,
                                       Faults& faults) {
  auto file = std::make_shared<ReasonerFile>();
  Faults own;
  read_json(document, *file, own);
  std::vector<model::BlastRadius> radii;
  if (!has_errors(own)) {
    check_weights(*file, own);
    check_scales(*file, own);
    for (std::size_t i = 0; i < file->responses.size(); ++i) {
      const auto& response = file->responses[i];
      check_response(response, catalogue, child("/responses", i), own);
      radii.push_back(catalogue.blast_radius(response.action));
    }
    check_completeness(*file, own);
  }
  const bool broken = has_errors(own);
  faults.insert(faults.end(), own.begin(), own.end());
  if (broken) return std::nullopt;
  return Reasoner{std::move(file), std::move(radii)};
}

}  // namespace sallyport::reason
