#include "engine/investigate/investigator.hpp"

#include "engine/base/digest.hpp"
#include "engine/investigate/gathering.hpp"
#include "engine/investigate/graph_evidence.hpp"

#include <algorithm>
#include <utility>

namespace sallyport::investigate {

namespace {

using Steady = Deadline::Clock;

std::int64_t milliseconds_since(Steady::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start).count();
}

/// Whether only text that an attacker can write names what `evidence` is about. What is known of
/// such an entity was picked by the attacker, so it is worth no more than the text.
bool rests_on_text(const model::Evidence& evidence, const model::Alert& alert) {
  const auto* about = evidence.data.if_contains("entity");
  const auto* object = about ? about->if_object() : nullptr;
  if (!object) return false;
  const auto* kind = object->if_contains("kind");
  const auto* value = object->if_contains("value");
  if (!kind || !value || !kind->is_string() || !value->is_string()) return false;
  bool named = false;
  for (const auto& mention : alert.entities) {
    if (kind->get_string() != std::string_view{mention.entity.kind} ||
        value->get_string() != std::string_view{mention.entity.value})
      continue;
    if (mention.grounded) return false;
    named = true;
  }
  return named;
}

}  // namespace

std::shared_ptr<const Rules> Rules::read(const json::value& document,
                                         const model::Catalogue& catalogue,
                                         Faults& faults) {
  auto reasoner = reason::Reasoner::read(document, catalogue, faults);
  if (!reasoner) return nullptr;
  const auto& file = reasoner->file();
  auto signals =
      SignalRules::read(file.signals, file.sensor_fields, file.untrusted_sources, faults);
  if (!signals) return nullptr;
  return std::make_shared<const Rules>(Rules{*std::move(signals), *std::move(reasoner)});
}

/// One investigation as it is being made.
struct Investigator::Run {
  const model::Alert& alert;
  std::shared_ptr<const Rules> rules;
  Steady::time_point started = Steady::now();
  model::Verdict verdict;

  void open(std::string id) {
    verdict.investigation = std::move(id);
    verdict.tenant = alert.tenant;
    verdict.alerts.push_back(alert.uid);
    verdict.title = alert.title;
    verdict.severity = name_of(alert.severity);
    verdict.techniques = alert.techniques;
    verdict.reasoner = "embedded";
  }

  void read_context(const graph::EntityGraph* graph) {
    auto reading = rules->signals.read(alert);
    for (auto& item : reading.evidence) add(std::move(item));
    verdict.flags = std::move(reading.flags);
    if (!graph) {
      add(without_graph(alert));
    } else if (const auto around = graph->neighbourhood(alert); !around) {
      verdict.missing.push_back("graph: " + around.error().detail);
      add(graph_failed(alert, around.error()));
    } else {
      for (auto& item : graph_evidence(*around, alert)) add(std::move(item));
    }
    verdict.timing_ms.context = milliseconds_since(started);
  }

  /// Returns whether time ran out on one of them.
  bool take(const std::vector<std::shared_ptr<Enricher>>& enrichers,
            std::vector<Enricher::Answer> answers) {
    bool cut_short = false;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const std::string name{enrichers[i]->name()};
      if (answers[i]) {
        for (auto& item : *answers[i]) add(std::move(item));
        continue;
      }
      const auto& error = answers[i].error();
      cut_short = cut_short || error.code == Errc::expired;
      const std::string why = error.code == Errc::expired ? "timed out" : error.detail;
      verdict.missing.push_back(name + ": " + why);
      add({.id = {},
           .source = name,
           .status = model::EvidenceStatus::failed,
           .trust = model::Trust::trusted,
           .summary = why,
           .hash = {},
           .observed_at = alert.received_at,
           .signals = {},
           .data = {}});
    }
    verdict.timing_ms.enrich = milliseconds_since(started) - verdict.timing_ms.context;
    return cut_short;
  }

  void judge() {
    auto judgement = rules->reasoner.judge(alert, verdict.evidence);
    verdict.verdict = judgement.verdict;
    verdict.confidence = judgement.confidence;
    verdict.explanation = std::move(judgement.explanation);
    verdict.proposals = std::move(judgement.proposals);
    verdict.timing_ms.reason =
        milliseconds_since(started) - verdict.timing_ms.context - verdict.timing_ms.enrich;
  }

  void close(bool partial, Time now) {
    verdict.partial = partial;
    verdict.concluded_at = now;
    verdict.timing_ms.total = milliseconds_since(started);
  }

 private:
  void add(model::Evidence item) {
    item.id = fmt::format("E{}", verdict.evidence.size() + 1);
    if (rests_on_text(item, alert)) item.trust = model::Trust::untrusted;
    if (item.observed_at == Time{}) item.observed_at = alert.received_at;
    static const std::string of_nothing = content_hash("{}");
    item.hash = item.data.empty() ? of_nothing : content_hash(to_json(item.data));
    verdict.evidence.push_back(std::move(item));
  }
};

Investigator::Investigator(std::shared_ptr<const Rules> rules,
                           std::vector<std::shared_ptr<Enricher>> enrichers,
                           const graph::EntityGraph* graph,
                           const Clock& clock,
                           UlidSource& ids,
                           Slices slices)
    : rules_{std::move(rules)},
      enrichers_{std::move(enrichers)},
      graph_{graph},
      clock_{clock},
      ids_{ids},
      slices_{slices} {}

void Investigator::use(std::shared_ptr<const Rules> rules) {
  const std::scoped_lock lock{mutex_};
  rules_ = std::move(rules);
}

std::shared_ptr<const Rules> Investigator::rules() const {
  const std::scoped_lock lock{mutex_};
  return rules_;
}

std::optional<model::Verdict> Investigator::investigate_now(const model::Alert& alert,
                                                            std::string id) const {
  std::vector<Enricher::Answer> answers;
  answers.reserve(enrichers_.size());
  for (const auto& enricher : enrichers_) {
    auto answer = enricher->answer_now(alert);
    if (!answer) return std::nullopt;
    answers.push_back(*std::move(answer));
  }
  Run run{.alert = alert, .rules = rules()};
  run.open(id.empty() ? ids_.next(clock_.now()) : std::move(id));
  run.read_context(graph_);
  const bool cut_short = run.take(enrichers_, std::move(answers));
  run.judge();
  run.close(cut_short, clock_.now());
  return std::move(run.verdict);
}

Task<model::Verdict> Investigator::investigate(std::shared_ptr<const model::Alert> alert,
                                               Deadline deadline,
                                               std::string id) const {
  Run run{.alert = *alert, .rules = rules()};
  run.open(id.empty() ? ids_.next(clock_.now()) : std::move(id));
  const auto left = [&] { return deadline.at() - Steady::now(); };
  Investigation machine{slices_};
  auto next = machine.step(Opened{left()});
  while (!std::holds_alternative<Finish>(next)) {
    if (std::holds_alternative<ReadContext>(next)) {
      run.read_context(graph_);
      next = machine.step(ContextRead{left()});
    } else if (const auto* enrich = std::get_if<Enrich>(&next)) {
      auto answers = co_await gather(enrichers_, alert, Deadline::in(enrich->within));
      if (!answers) co_return std::unexpected{answers.error()};
      const bool cut_short = run.take(enrichers_, *std::move(answers));
      next = machine.step(Enriched{left(), cut_short});
    } else {
      run.judge();
      next = machine.step(Reasoned{left()});
    }
  }
  run.close(std::get<Finish>(next).partial, clock_.now());
  co_return std::move(run.verdict);
}

}  // namespace sallyport::investigate
