#include "engine/reason/reasoner.hpp"

#include "engine/reason/responses.hpp"

#include <boost/json/monotonic_resource.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace sallyport::reason {

namespace {

using model::EvidenceStatus;
using model::Trust;

constexpr std::size_t usual_bytes = 4096;  ///< Of what an alert says, as a tree.

double prior_of(const Prior& prior, model::Severity severity) {
  switch (severity) {
    case model::Severity::informational:
      return prior.informational;
    case model::Severity::low:
      return prior.low;
    case model::Severity::medium:
      return prior.medium;
    case model::Severity::high:
      return prior.high;
    case model::Severity::critical:
    case model::Severity::fatal:
      return prior.critical;
    default:
      return prior.unknown;
  }
}

/// The severity that a product gave, as the evidence of its alert says; else the alert's.
model::Severity severity_of(const model::Evidence& sensor, const model::Alert& alert) {
  std::array<unsigned char, usual_bytes> room;
  json::monotonic_resource memory{room.data(), room.size()};
  const auto data = sensor.data.tree(&memory);
  const auto* said = data.if_contains("severity");
  const auto* name = said ? said->if_string() : nullptr;
  return name ? enum_of<model::Severity>(std::string_view{*name}).value_or(alert.severity)
              : alert.severity;
}

/// What a product says of an alert, in its own fields.
struct Sensor {
  const model::Evidence* item;
  model::Severity severity;
};

std::vector<Sensor> sensors_in(std::span<const model::Evidence> evidence,
                               const model::Alert& alert) {
  std::vector<Sensor> sensors;
  for (const auto& item : evidence) {
    if (item.source == "alert" && item.trust != Trust::untrusted)
      sensors.push_back({.item = &item, .severity = severity_of(item, alert)});
  }
  return sensors;
}

/// What severities count that anybody could have written: less where all alerts carry events, for
/// those say more than a severity.
const Prior& claims_of(const ReasonerFile& file, std::span<const model::Evidence> evidence) {
  const auto at_its_word = [](const model::Evidence& item) {
    return item.source == "alert" && !item.data.mentions(borne_out);
  };
  return file.claimed && std::ranges::none_of(evidence, at_its_word) ? *file.claimed : file.prior;
}

double probability(double log_odds) {
  return 1 / (1 + std::exp(-log_odds));
}

/// Four decimals: what is shown, compared and hashed does not hang on the last bit of exp().
double rounded(double value) {
  return std::round(value * 1e4) / 1e4;
}

/// Who is behind a piece of evidence: `intel.a` and `intel.b` are one source, and everything that
/// rests on text of the alert is the alert's.
std::string_view family(const model::Evidence& item) {
  if (item.trust == Trust::untrusted) return "alert";
  return std::string_view{item.source}.substr(0, item.source.find('.'));
}

/// One signal over all the evidence that bears it.
struct Weighed {
  std::string_view name;
  const Weight* weight = nullptr;  ///< nullptr: counts nothing.
  double strength = 0;
  double firm_strength = 0;  ///< From evidence that no attacker can write.
  std::vector<const model::Evidence*> bearers;
};

/// The signals of the evidence, in its order, each once. What would lower counts only where no
/// attacker could have written it.
std::vector<Weighed> weigh(const ReasonerFile& file, std::span<const model::Evidence> evidence) {
  std::vector<Weighed> weighed;
  for (const auto& item : evidence) {
    if (item.status != EvidenceStatus::found) continue;
    for (const auto& signal : item.signals) {
      const auto found = file.weights.find(signal.name);
      const auto* weight = found == file.weights.end() ? nullptr : &found->second;
      if (weight && weight->weight < 0 && item.trust == Trust::untrusted) continue;
      auto known = std::ranges::find(weighed, std::string_view{signal.name}, &Weighed::name);
      if (known == weighed.end()) {
        weighed.push_back({.name = signal.name, .weight = weight});
        known = weighed.end() - 1;
      }
      const auto strength = std::clamp(signal.strength, 0.0, 1.0);
      known->strength = std::max(known->strength, strength);
      if (item.trust != Trust::untrusted)
        known->firm_strength = std::max(known->firm_strength, strength);
      known->bearers.push_back(&item);
    }
  }
  // What a product says of one alert lowers nothing while it does not say it of the others.
  const auto is_alert = [](const model::Evidence& item) { return item.source == "alert"; };
  const auto alerts = std::ranges::count_if(evidence, is_alert);
  std::erase_if(weighed, [&](const Weighed& signal) {
    const auto said = std::ranges::count_if(
        signal.bearers, [&](const model::Evidence* item) { return is_alert(*item); });
    return signal.weight && signal.weight->weight < 0 && said > 0 && said < alerts;
  });
  return weighed;
}

/// Who speaks for malice.
struct Support {
  std::vector<std::string_view> sources;
  bool beyond_the_attacker = false;
  std::vector<std::string> ids;

  void add(const model::Evidence& item) {
    const auto source = family(item);
    if (std::ranges::find(sources, source) == sources.end()) sources.push_back(source);
    if (item.trust != Trust::untrusted) beyond_the_attacker = true;
    if (std::ranges::find(ids, item.id) == ids.end()) ids.push_back(item.id);
  }

  [[nodiscard]] bool carries() const { return sources.size() >= 2 && beyond_the_attacker; }
};

struct Sum {
  double log_odds = 0;
  double firm = 0;  ///< The same without what an attacker could have written, people raised, or is
                    ///< a circumstance.
  double learned = 0;               ///< What people taught lowers it by; not above 0.
  Support against;                  ///< Evidence for malice.
  std::vector<std::string> for_it;  ///< Ids of what speaks for closing.
  std::optional<model::Judgement> closes;
  std::vector<model::Term> terms;
};

Sum add_up(const ReasonerFile& file,
           const model::Alert& alert,
           std::span<const model::Evidence> evidence,
           const std::vector<Weighed>& weighed) {
  Sum sum;
  const auto claimed = prior_of(claims_of(file, evidence), alert.severity);
  auto prior = claimed;
  double firm_prior = 0;
  const auto sensors = sensors_in(evidence, alert);
  if (sensors.empty()) {
    // Anybody could have written the severity: it may raise, and neither lower nor carry an action.
    prior = std::max(claimed, file.prior.unknown);
    firm_prior = std::min(claimed, file.prior.unknown);
  } else {
    // Of several alerts, the worst word of a product; a worse one that anybody wrote only raises.
    firm_prior = prior_of(file.prior, sensors.front().severity);
    for (const auto& [item, severity] : sensors)
      firm_prior = std::max(firm_prior, prior_of(file.prior, severity));
    prior = std::max(claimed, firm_prior);
  }
  model::Term first{.term = "prior", .weight = prior, .evidence = {}};
  if (!sensors.empty()) first.evidence.push_back(sensors.front().item->id);
  // That a product calls it medium or worse is its own word for malice.
  for (const auto& [item, severity] : sensors) {
    if (severity >= model::Severity::medium && severity <= model::Severity::fatal)
      sum.against.add(*item);
  }
  sum.log_odds = prior;
  sum.firm = firm_prior;
  sum.terms.push_back(std::move(first));
  double strongest = 0;
  for (const auto& signal : weighed) {
    if (!signal.weight || signal.weight->weight == 0) continue;
    const auto share = rounded(signal.weight->weight * signal.strength);
    const bool learned = signal.name.starts_with(learned_family);
    const bool no_witness = learned || signal.weight->circumstance;
    sum.log_odds += share;
    if (!no_witness || share < 0) sum.firm += rounded(signal.weight->weight * signal.firm_strength);
    if (learned) sum.learned += std::min(share, 0.0);
    model::Term term{.term = std::string{signal.name}, .weight = share, .evidence = {}};
    for (const auto* item : signal.bearers) {
      term.evidence.push_back(item->id);
      if (share > 0 && !no_witness) sum.against.add(*item);
      if (share < 0 && signal.weight->closes) sum.for_it.push_back(item->id);
    }
    if (share < strongest && signal.weight->closes) {
      strongest = share;
      sum.closes = signal.weight->closes;
    }
    sum.terms.push_back(std::move(term));
  }
  return sum;
}

int rank(model::Judgement verdict) {
  switch (verdict) {
    case model::Judgement::malicious:
      return 3;
    case model::Judgement::suspicious:
      return 2;
    case model::Judgement::inconclusive:
      return 1;
    default:
      return 0;
  }
}

/// What of a model's answer holds, given what the evidence says without it.
struct Bounded {
  model::Judgement verdict = model::Judgement::inconclusive;
  bool may_lower = false;
  std::string kept;
};

struct Weights {
  model::Judgement verdict = model::Judgement::inconclusive;
  double firm = 0;
  bool injected = false;
  bool all_there = true;  ///< Nothing failed.
};

Bounded bounded(const ReasonerFile& file,
                const Answer& answer,
                const Weights& weights,
                const Sum& sum,
                const std::vector<Weighed>& weighed) {
  const auto cites = [&](const std::string& id) {
    return std::ranges::find(answer.citations, id, &model::Citation::evidence) !=
           answer.citations.end();
  };
  // Of a negative weight, weigh() keeps only bearers that no attacker can write.
  const bool lowers = std::ranges::any_of(weighed, [&](const Weighed& signal) {
    return signal.weight && signal.weight->weight < 0 &&
           std::ranges::any_of(signal.bearers, [&](const auto* item) { return cites(item->id); });
  });
  Bounded result{.verdict = answer.verdict, .may_lower = lowers && !weights.injected, .kept = {}};
  const bool closing = rank(answer.verdict) == 0;
  if (closing && rank(weights.verdict) == 0 && !weights.injected) return result;
  if (closing &&
      (!result.may_lower || !weights.all_there || std::ranges::none_of(sum.for_it, cites))) {
    result.verdict = model::Judgement::inconclusive;
    result.kept = "nothing that closes an alert and that an attacker cannot write is cited";
  }
  if (weights.injected && closing)
    result.kept = "the text of this alert speaks to whoever reads it: a person should close it";
  if (rank(result.verdict) < rank(weights.verdict)) {
    const auto floor = result.may_lower ? rank(weights.verdict) - 1 : rank(weights.verdict);
    if (rank(result.verdict) < floor) {
      result.verdict = result.may_lower && rank(weights.verdict) == 3 ? model::Judgement::suspicious
                       : result.may_lower && rank(weights.verdict) == 2
                           ? model::Judgement::inconclusive
                           : weights.verdict;
      result.kept = result.may_lower
                        ? "the evidence allows one step down and not more"
                        : "nothing that lowers and that an attacker cannot write is cited";
    }
  }
  if (result.verdict == model::Judgement::malicious && weights.verdict != result.verdict &&
      (weights.firm < file.thresholds.suspicious || !sum.against.carries())) {
    result.verdict = model::Judgement::suspicious;
    result.kept = "two independent sources, one beyond an attacker's reach, do not carry it";
  }
  return result;
}

double weight_of(const OpinionWeights& weights, model::Judgement verdict) {
  switch (verdict) {
    case model::Judgement::malicious:
      return weights.malicious;
    case model::Judgement::suspicious:
      return weights.suspicious;
    case model::Judgement::benign:
      return weights.benign;
    case model::Judgement::false_positive:
      return weights.false_positive;
    default:
      return weights.inconclusive;
  }
}

/// The share of a model's word in the sum: halved where all that it cites is one source, nothing
/// where it lowers without leave.
model::Term term_of(const ReasonerFile& file,
                    const Answer& answer,
                    bool may_lower,
                    std::span<const model::Evidence> evidence) {
  model::Term term{.term = fmt::format("model.{}", name_of(answer.verdict)),
                   .weight = weight_of(file.opinion, answer.verdict),
                   .evidence = {}};
  std::vector<std::string_view> sources;
  for (const auto& citation : answer.citations) {
    const auto item = std::ranges::find(evidence, citation.evidence, &model::Evidence::id);
    if (item != evidence.end() && item->status == EvidenceStatus::found &&
        std::ranges::find(sources, family(*item)) == sources.end())
      sources.push_back(family(*item));
    if (std::ranges::find(term.evidence, citation.evidence) == term.evidence.end())
      term.evidence.push_back(citation.evidence);
  }
  if (sources.size() < 2) term.weight /= 2;
  if (term.weight < 0 && !may_lower) term.weight = 0;
  return term;
}

bool proposed_already(const std::vector<model::Proposal>& proposals,
                      const model::Proposal& another) {
  return std::ranges::any_of(proposals, [&](const model::Proposal& one) {
    return one.action == another.action && one.target.kind == another.target.kind &&
           one.target.value == another.target.value;
  });
}

}  // namespace

Reasoner::Reasoner(std::shared_ptr<const ReasonerFile> file, std::vector<model::BlastRadius> radii)
    : file_{std::move(file)}, radii_{std::move(radii)} {}

std::vector<Offer> Reasoner::offers(std::span<const Pointed> entities) const {
  std::vector<Offer> offers;
  for (std::size_t i = 0; i < file_->responses.size(); ++i) {
    const auto& response = file_->responses[i];
    if (response.fallback || closes(response)) continue;
    auto known = std::ranges::find(offers, response.action, &Offer::verb);
    for (std::size_t place = 0; place < entities.size(); ++place) {
      if (!may_point(response, entities[place])) continue;
      if (known == offers.end()) {
        offers.push_back(
            {.verb = response.action, .radius = radii_[i], .when = response.why, .entities = {}});
        known = offers.end() - 1;
      }
      if (std::ranges::find(known->entities, place) == known->entities.end())
        known->entities.push_back(place);
    }
  }
  return offers;
}

std::vector<std::string> Reasoner::verbs() const {
  std::vector<std::string> verbs;
  for (const auto& response : file_->responses) {
    if (response.fallback || closes(response)) continue;
    if (std::ranges::find(verbs, response.action) == verbs.end()) verbs.push_back(response.action);
  }
  return verbs;
}

void Reasoner::propose_picked(const Answer& answer,
                              const model::Alert& alert,
                              std::span<const model::Evidence> evidence,
                              const Findings& findings,
                              std::vector<model::Proposal>& proposals) const {
  const auto entities = entities_of(alert);
  for (const auto& picked : answer.actions) {
    if (picked.entity >= entities.size()) continue;
    const auto& entity = entities[picked.entity];
    for (std::size_t i = 0; i < file_->responses.size(); ++i) {
      const auto& response = file_->responses[i];
      if (response.fallback || closes(response) || response.action != picked.verb ||
          !may_point(response, entity))
        continue;
      const auto& when = response.when;
      const bool holds =
          findings.confidence >= when.min_confidence &&
          (when.verdicts.empty() ||
           std::ranges::find(when.verdicts, findings.verdict) != when.verdicts.end());
      const bool surely = findings.may_contain && findings.verdict == model::Judgement::malicious;
      if (!holds || (contains(i) && !surely)) continue;
      auto proposal = propose_on(response, entity, alert, evidence, findings);
      if (!proposal) continue;
      proposal->evidence = findings.support;
      for (const auto& id : picked.evidence) {
        if (std::ranges::find(proposal->evidence, id) == proposal->evidence.end())
          proposal->evidence.push_back(id);
      }
      if (!picked.why.empty()) proposal->why = "a model: " + picked.why;
      if (!proposed_already(proposals, *proposal)) proposals.push_back(*std::move(proposal));
      break;
    }
  }
}

Judgement Reasoner::judge(const model::Alert& alert,
                          std::span<const model::Evidence> evidence,
                          const Heard& heard) const {
  const auto& file = *file_;
  const auto weighed = weigh(file, evidence);
  auto sum = add_up(file, alert, evidence, weighed);
  const auto failed =
      std::ranges::count(evidence, EvidenceStatus::failed, &model::Evidence::status);
  const auto injected =
      heard.injected ||
      std::ranges::find(weighed, injection_suspected, &Weighed::name) != weighed.end();
  auto p = rounded(probability(sum.log_odds));
  // Text may raise suspicion as it likes; that something is malicious must stand without it half
  // way, and that something is to be contained, all the way.
  const auto firm = rounded(probability(sum.firm));

  Judgement result{.probability = p};
  if (p >= file.thresholds.malicious && firm >= file.thresholds.suspicious &&
      sum.against.carries()) {
    result.verdict = model::Judgement::malicious;
  } else if (p >= file.thresholds.suspicious) {
    result.verdict = model::Judgement::suspicious;
  } else if (p < file.thresholds.close && sum.closes && failed == 0 &&
             rounded(probability(sum.log_odds - sum.learned)) < file.thresholds.close) {
    // What people taught lowers, and it never is what closes.
    result.verdict = *sum.closes;
  }
  if (heard.answer) {
    const Weights weights{
        .verdict = result.verdict, .firm = firm, .injected = injected, .all_there = failed == 0};
    auto held = bounded(file, *heard.answer, weights, sum, weighed);
    auto term = term_of(file, *heard.answer, held.may_lower, evidence);
    p = rounded(probability(sum.log_odds + term.weight));
    result.probability = p;
    result.verdict = held.verdict;
    result.kept = std::move(held.kept);
    sum.terms.push_back(std::move(term));
  }
  const bool for_malice = result.verdict == model::Judgement::malicious ||
                          result.verdict == model::Judgement::suspicious;
  const bool closing = result.verdict == model::Judgement::benign ||
                       result.verdict == model::Judgement::false_positive;
  auto confidence = for_malice ? p : closing ? 1 - p : std::max(p, 1 - p);
  if (!sum.against.carries() && !closing)
    confidence = std::min(confidence, file.confidence.one_source);
  confidence *= std::pow(file.confidence.missing_factor, static_cast<double>(failed));
  result.confidence = rounded(std::min(confidence, file.confidence.ceiling));
  result.explanation = std::move(sum.terms);

  Findings findings{.verdict = result.verdict,
                    .confidence = result.confidence,
                    .signals = {},
                    .support = closing ? std::move(sum.for_it) : std::move(sum.against.ids),
                    .injected = injected,
                    .may_contain = sum.against.carries() && firm >= file.thresholds.malicious};
  for (const auto& signal : weighed) findings.signals.push_back(signal.name);
  if (heard.answer && !injected)
    propose_picked(*heard.answer, alert, evidence, findings, result.proposals);
  const auto by_model = result.proposals.size();
  for (const bool fallback : {false, true}) {
    for (std::size_t i = 0; i < file.responses.size(); ++i) {
      if (fallback && result.proposals.size() > by_model) break;
      const auto& response = file.responses[i];
      if (response.fallback != fallback || !called_for(response, contains(i), findings)) continue;
      for (auto& proposal : propose(response, alert, evidence, findings)) {
        if (by_model == 0 || !proposed_already(result.proposals, proposal))
          result.proposals.push_back(std::move(proposal));
      }
    }
  }
  return result;
}

}  // namespace sallyport::reason
