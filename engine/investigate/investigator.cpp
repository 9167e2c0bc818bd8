#include "engine/investigate/investigator.hpp"

#include "engine/base/digest.hpp"
#include "engine/investigate/consultation.hpp"
#include "engine/investigate/gathering.hpp"
#include "engine/investigate/graph_evidence.hpp"
#include "engine/investigate/graph_read.hpp"
#include "engine/investigate/story.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <span>
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
  const auto* about = evidence.data.about();
  if (!about) return false;
  bool named = false;
  for (const auto& mention : alert.entities) {
    if (mention.entity != *about) continue;
    if (mention.grounded) return false;
    named = true;
  }
  return named;
}

/// Of what was read, whatever it took to read it.
std::string hash_of(const model::Facts& data) {
  static const std::string of_nothing = content_hash("{}");
  if (data.empty()) return of_nothing;
  if (!data.mentions("cost")) return content_hash(data.text());
  auto read = data.tree();
  read.erase("cost");
  return content_hash(to_json(read));
}

/// What needs no waiting has this long.
constexpr Elapsed at_once = std::chrono::minutes{1};

RecordedDialogue dialogue_of(const Counsel& counsel,
                             std::vector<std::int64_t> left,
                             const std::vector<RecordedSpeech>& speeches) {
  RecordedDialogue dialogue{.reader = counsel.reader != nullptr,
                            .rounds = counsel.rounds,
                            .max_output_tokens = counsel.max_output_tokens,
                            .queries = {},
                            .left_ns = std::move(left),
                            .speeches = speeches};
  for (const auto& query : counsel.queries)
    dialogue.queries.push_back(
        {.name = std::string{query->name()}, .description = std::string{query->description()}});
  return dialogue;
}

/// What alerts say: the signals in their evidence, and of those that lower which ones an alert does
/// not bear, for that is as much worth hearing.
std::vector<std::string> heard_in(const Rules& rules, std::span<const model::Evidence> evidence) {
  std::vector<std::string> names;
  for (const auto& item : evidence) {
    if (item.source != "alert" && item.source != "alert.text") continue;
    for (const auto& signal : item.signals) names.push_back(signal.name);
    if (item.source != "alert") continue;
    for (const auto& name : rules.mild) {
      if (std::ranges::find(item.signals, name, &model::Signal::name) == item.signals.end())
        names.push_back("no " + name);
    }
  }
  return names;
}

asio::awaitable<bool> was_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace

std::shared_ptr<const Rules> Rules::read(const json::value& document,
                                         const model::Catalogue& catalogue,
                                         Faults& faults) {
  auto reasoner = reason::Reasoner::read(document, catalogue, faults);
  if (!reasoner) return nullptr;
  auto signals = SignalRules::read(reasoner->file(), faults);
  if (!signals) return nullptr;
  auto text =
      fmt::format(R"({{"reasoner":{},"verbs":{}}})", to_json(document), to_json(catalogue.verbs()));
  std::vector<std::string> mild;
  for (const auto& [name, weight] : reasoner->file().weights)
    if (weight.weight < 0 && name.starts_with("alert.")) mild.push_back(name);
  return std::make_shared<const Rules>(Rules{.signals = *std::move(signals),
                                             .reasoner = *std::move(reasoner),
                                             .kept = keep_text(std::move(text)),
                                             .mild = std::move(mild)});
}

/// One investigation as it is being made.
struct Investigator::Run {
  const model::Alert& alert;
  std::shared_ptr<const Rules> rules;
  const Scrubber& scrubber;
  Steady::time_point started = Steady::now();
  model::Verdict verdict;
  Recording recording;
  const model::Verdict* earlier = nullptr;  ///< The version before.
  std::size_t numbered = 0;                 ///< Of the evidence, the highest.

  void open(std::string id, const model::Verdict* before) {
    verdict.investigation = std::move(id);
    verdict.tenant = alert.tenant;
    verdict.title = alert.title;
    verdict.severity = name_of(alert.severity);
    verdict.techniques = alert.techniques;
    verdict.reasoner = "embedded";
    earlier = before;
    if (before) carry_on(*before);
    if (verdict.alerts.size() < model::most_listed_alerts) verdict.alerts.push_back(alert.uid);
    verdict.evidence.reserve(verdict.evidence.size() + usual_evidence);
  }

  void read_alert(const Reading* read = nullptr) {
    auto reading = read && read->rules == rules ? read->said : rules->signals.read(alert);
    answered(Asked::alert, "alert", reading.evidence.size());
    for (auto& item : reading.evidence) add(std::move(item));
    for (auto& flag : reading.flags)
      if (std::ranges::find(verdict.flags, flag) == verdict.flags.end())
        verdict.flags.push_back(std::move(flag));
  }

  /// Returns whether time ran out on it.
  bool read_context(const graph::EntityGraph* graph,
                    const Past* past,
                    Elapsed within,
                    const Reading* read = nullptr) {
    read_alert(read);
    return take_around(past ? past->around : look_around(graph, Deadline::in(within)));
  }

  /// What the graph knows. Returns whether time ran out on it.
  bool take_around(Result<std::vector<model::Evidence>> around) {
    const bool cut_short = !around && around.error().code == Errc::expired;
    if (around) {
      answered(Asked::graph, "graph", around->size());
      for (auto& item : *around) add(std::move(item));
    } else {
      answered(Asked::graph, "graph", 1, &around.error());
      verdict.missing.push_back("graph: " + around.error().detail);
      add(graph_failed(alert, around.error()));
    }
    verdict.timing_ms.context = milliseconds_since(started);
    return cut_short;
  }

  Result<std::vector<model::Evidence>> look_around(const graph::EntityGraph* graph,
                                                   Deadline until) const {
    if (!graph) return std::vector{without_graph(alert)};
    const auto around = graph->neighbourhood(alert, until);
    if (!around) return std::unexpected{around.error()};
    return graph_evidence(*around, alert);
  }

  /// Returns whether time ran out on it.
  bool take(const Enricher& enricher, Enricher::Answer answer, Asked asked = Asked::enricher) {
    verdict.timing_ms.enrich = milliseconds_since(started) - verdict.timing_ms.context;
    if (answer) {
      answered(asked, enricher.name(), answer->size());
      bool cut_short = false;
      for (auto& item : *answer) cut_short = take_item(scrubbed(std::move(item))) || cut_short;
      return cut_short;
    }
    scrubber.scrub(answer.error().detail);
    answered(asked, enricher.name(), 1, &answer.error());
    const std::string name{enricher.name()};
    const auto& error = answer.error();
    const bool cut_short = error.code == Errc::expired;
    const std::string why = cut_short ? "timed out" : error.detail;
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
    return cut_short;
  }

  /// One item of an answer. What failed in part is as missing as what failed whole: its summary
  /// says why, and its data with which code (`error`: `expired`).
  bool take_item(model::Evidence item) {
    bool cut_short = false;
    if (item.status == model::EvidenceStatus::failed) {
      verdict.missing.push_back(item.source + ": " + item.summary);
      const auto data = item.data.tree();
      const auto* code = data.if_contains("error");
      cut_short = code && *code == "expired";
    }
    add(std::move(item));
    return cut_short;
  }

  /// Adds items and returns them, with their ids.
  std::span<const model::Evidence> add_all(std::vector<model::Evidence> items) {
    const auto before = verdict.evidence.size();
    for (auto& item : items) add(scrubbed(std::move(item)));
    return std::span<const model::Evidence>{verdict.evidence}.subspan(before);
  }

  /// With what a consultation heard. The evidence that it alone brought says nothing to the sum.
  void judge(const Consultation* consultation, std::size_t without_it) {
    const auto all = std::span<const model::Evidence>{verdict.evidence};
    const reason::Heard heard{
        .answer = consultation ? consultation->answer() : nullptr,
        .injected = std::ranges::any_of(all.subspan(without_it), [](const model::Evidence& item) {
          return std::ranges::find(item.signals,
                                   reason::injection_suspected,
                                   &model::Signal::name) != item.signals.end();
        })};
    auto judgement = rules->reasoner.judge(alert, all.first(without_it), heard);
    if (consultation) {
      report(*consultation, heard, judgement.kept);
    } else {
      verdict.cost.usd = 0;  // nobody was asked, so nothing was paid
    }
    verdict.verdict = judgement.verdict;
    verdict.confidence = judgement.confidence;
    verdict.explanation = std::move(judgement.explanation);
    verdict.proposals = std::move(judgement.proposals);
    if (earlier) stand_by(*earlier, verdict);
    verdict.timing_ms.reason =
        milliseconds_since(started) - verdict.timing_ms.context - verdict.timing_ms.enrich;
  }

  void report(const Consultation& consultation, const reason::Heard& heard, std::string kept) {
    consultation.account(verdict);
    if (heard.injected &&
        std::ranges::find(verdict.flags, reason::injection_suspected) == verdict.flags.end())
      verdict.flags.emplace_back(reason::injection_suspected);
    if (!heard.answer) {
      verdict.missing.push_back("model " + consultation.failure());
      return;
    }
    const auto& answer = *heard.answer;
    verdict.reasoner = "model:" + consultation.judge();
    verdict.opinion = model::Opinion{.model = consultation.judge(),
                                     .said = answer.verdict,
                                     .kept = std::move(kept),
                                     .summary = answer.summary,
                                     .hypotheses = answer.hypotheses,
                                     .citations = answer.citations,
                                     .techniques = answer.techniques};
    for (const auto& id : answer.techniques) {
      if (std::ranges::find(verdict.techniques, id) == verdict.techniques.end())
        verdict.techniques.push_back(id);
    }
  }

  void close(bool partial, Time now) {
    verdict.partial = partial;
    verdict.concluded_at = now;
    verdict.timing_ms.total = milliseconds_since(started);
  }

  void answered(Asked asked,
                std::string_view name,
                std::size_t items,
                const Error* error = nullptr) {
    auto& answer = recording.answers.emplace_back();
    answer.asked = asked;
    answer.name = name;
    answer.items = static_cast<std::uint32_t>(items);
    if (!error) return;
    answer.failed = error->detail;
    answer.late = error->code == Errc::expired;
  }

  /// Makes of what was told what the verdict can be replayed from.
  void keep(const Recordings& recordings, const Slices& slices) {
    if (earlier) {
      // Alerts that change nothing come by the thousand, and become no version.
      if (!recording.dialogue && !rises(*earlier, verdict)) return;
      recording.story = {.whole = alert, .alone = {}, .before = *earlier};
    }
    recording.rules = rules->kept->hash;
    recording.slices = {.context = slices.context.count(),
                        .enrich = slices.enrich.count(),
                        .reason = slices.reason.count(),
                        .buffer = slices.buffer.count()};
    recording.missing = static_cast<std::uint32_t>(verdict.missing.size());
    auto kept = recordings.keep(recording);
    if (!kept) return;
    verdict.recording = kept->hash;
    verdict.kept = {rules->kept, std::move(kept)};
  }

 private:
  model::Evidence scrubbed(model::Evidence item) const {
    scrubber.scrub(item.summary);
    if (item.data.empty()) return item;
    if (auto data = item.data.tree(); scrubber.scrub(data)) item.data = data;
    return item;
  }

  /// What is asked about entities is asked again; what alerts said stays said, under its ids.
  void carry_on(const model::Verdict& before) {
    verdict.version = before.version + 1;
    verdict.alerts = before.alerts;
    verdict.title = before.title;
    verdict.flags = before.flags;
    for (const auto& item : before.evidence) {
      const bool of_alert = item.source == "alert" || item.source == "alert.text";
      if (!of_alert || verdict.evidence.size() == most_carried || item.id.size() < 2) continue;
      verdict.evidence.push_back(item);
      std::size_t number = 0;
      std::from_chars(item.id.data() + 1, item.id.data() + item.id.size(), number);
      numbered = std::max(numbered, number);
    }
  }

  void add(model::Evidence item) {
    item.id = "E" + std::to_string(++numbered);
    if (rests_on_text(item, alert)) item.trust = model::Trust::untrusted;
    if (item.observed_at == Time{}) item.observed_at = alert.received_at;
    item.hash = hash_of(item.data);
    verdict.evidence.push_back(std::move(item));
  }

  static constexpr std::size_t most_carried = 64;
  static constexpr std::size_t usual_evidence = 16;
};

Investigator::Investigator(std::shared_ptr<const Rules> rules,
                           std::vector<std::shared_ptr<Enricher>> enrichers,
                           const graph::EntityGraph* graph,
                           const Clock& clock,
                           UlidSource& ids,
                           Budgets budgets)
    : rules_{std::move(rules)},
      enrichers_{std::move(enrichers)},
      graph_{graph},
      clock_{clock},
      ids_{ids},
      budgets_{std::move(budgets)} {}

void Investigator::use(std::shared_ptr<const Rules> rules) {
  const std::scoped_lock lock{mutex_};
  rules_ = std::move(rules);
}

std::shared_ptr<const Rules> Investigator::rules() const {
  const std::scoped_lock lock{mutex_};
  return rules_;
}

JudgeForms Investigator::forms(const std::shared_ptr<const Rules>& rules,
                               const std::shared_ptr<const Counsel>& counsel) const {
  const std::scoped_lock lock{mutex_};
  if (made_.rules != rules || made_.counsel.lock() != counsel)
    made_ = {.rules = rules,
             .counsel = counsel,
             .forms = judge_forms(*counsel, rules->reasoner.verbs())};
  return made_.forms;
}

std::shared_ptr<const Reading> Investigator::read(const model::Alert& alert) const {
  auto rules = this->rules();
  auto said = rules->signals.read(alert);
  return std::make_shared<const Reading>(Reading{std::move(rules), std::move(said)});
}

std::vector<std::string> Investigator::listen(const model::Alert& alert) const {
  return listen(*read(alert));
}

std::vector<std::string> Investigator::listen(const Reading& reading) const {
  return heard_in(*reading.rules, reading.said.evidence);
}

std::vector<std::string> Investigator::listen(const model::Verdict& verdict) const {
  return heard_in(*rules(), verdict.evidence);
}

std::optional<model::Verdict> Investigator::investigate_now(const model::Alert& alert,
                                                            std::string id,
                                                            const model::Verdict* before,
                                                            const Past* past) const {
  std::vector<Enricher::Answer> answers;
  answers.reserve(enrichers_.size());
  for (const auto& enricher : enrichers_) {
    auto answer = enricher->answer_now(alert);
    if (!answer) return std::nullopt;
    answers.push_back(*std::move(answer));
  }
  Run run{.alert = alert, .rules = rules(), .scrubber = *scrubber_};
  run.open(id.empty() ? ids_.next(clock_.now()) : std::move(id), before);
  bool cut_short = run.read_context(graph_, past, budgets_.of(alert.severity).context);
  for (std::size_t i = 0; i < answers.size(); ++i)
    cut_short = run.take(*enrichers_[i], std::move(answers[i])) || cut_short;
  run.judge(nullptr, run.verdict.evidence.size());
  run.close(cut_short, clock_.now());
  if (recording_) run.keep(*recordings_, budgets_.of(alert.severity));
  return std::move(run.verdict);
}

Task<model::Verdict> Investigator::investigate(std::shared_ptr<const model::Alert> alert,
                                               Deadline deadline,
                                               std::string id,
                                               std::shared_ptr<const Counsel> counsel,
                                               std::shared_ptr<const model::Verdict> before,
                                               std::shared_ptr<const Past> past,
                                               std::shared_ptr<const Reading> reading) const {
  const auto scrubber = scrubber_;
  Run run{.alert = *alert, .rules = rules(), .scrubber = *scrubber};
  run.open(id.empty() ? ids_.next(clock_.now()) : std::move(id), before.get());
  std::vector<std::int64_t> steps;
  const auto left = [&] {
    Elapsed time = deadline.at() - Steady::now();
    if (past && !past->left.empty())
      time = past->left[std::min(steps.size(), past->left.size() - 1)];
    steps.push_back(std::chrono::nanoseconds{time}.count());
    return time;
  };
  // What was told in the past is there at once, however little time was left then.
  const auto until = [&](Elapsed within) {
    return Deadline::in(past && !past->left.empty() ? std::max(within, at_once) : within);
  };
  auto speeches = std::make_shared<std::vector<RecordedSpeech>>();
  JudgeForms forms;
  if (counsel) {
    forms = this->forms(run.rules, counsel);
    counsel = witnessed(*counsel, speeches, scrubber);
  }
  Investigation machine{budgets_.of(alert->severity), counsel ? counsel->ladder() : Ladder{}};
  std::optional<Consultation> consultation;
  auto enrichers = enrichers_;
  if (counsel) {
    consultation.emplace(
        counsel, std::move(forms), run.rules->reasoner, alert, run.verdict.investigation, deadline);
    if (auto reader = consultation->reader()) enrichers.push_back(std::move(reader));
  }
  std::size_t without_models = 0;
  auto next = machine.step(Opened{left()});
  while (!std::holds_alternative<Finish>(next)) {
    if (const auto* context = std::get_if<ReadContext>(&next)) {
      bool cut_short = false;
      const auto read = std::exchange(reading, nullptr);
      if (graph_ && graph_reads_ && !past) {
        run.read_alert(read.get());
        const auto known = co_await read_neighbourhood(
            *graph_, alert, graph_reads_, Deadline::in(context->within));
        if (!known && known.error().code == Errc::cancelled)
          co_return std::unexpected{known.error()};
        Result<std::vector<model::Evidence>> around = fail(Errc::unavailable, "");
        if (known) {
          around = graph_evidence(*known, *alert);
        } else {
          around = std::unexpected{known.error()};
        }
        cut_short = run.take_around(std::move(around));
      } else {
        cut_short = run.read_context(graph_, past.get(), context->within, read.get());
      }
      next = machine.step(ContextRead{left(), cut_short});
    } else if (const auto* enrich = std::get_if<Enrich>(&next)) {
      auto answers = co_await gather(enrichers, alert, until(enrich->within));
      if (!answers) co_return std::unexpected{answers.error()};
      // The reader is the last: what the others said is the same as without it.
      bool cut_short = false;
      for (std::size_t i = 0; i < answers->size(); ++i) {
        const bool reader = i == enrichers_.size();
        if (reader) without_models = run.verdict.evidence.size();
        cut_short = run.take(*enrichers[i],
                             std::move((*answers)[i]),
                             reader ? Asked::reader : Asked::enricher) ||
                    cut_short;
      }
      if (enrichers.size() == enrichers_.size()) without_models = run.verdict.evidence.size();
      next = machine.step(Enriched{left(), cut_short});
    } else if (const auto* question = std::get_if<Ask>(&next)) {
      const auto said = co_await consultation->ask(*question, run.verdict.evidence);
      if (co_await was_cancelled())
        co_return fail(Errc::cancelled, "the investigation was cancelled");
      next = machine.step(Answered{left(), said});
    } else if (const auto* wanted = std::get_if<LookUp>(&next)) {
      auto found = co_await consultation->look_up(until(wanted->within));
      if (co_await was_cancelled())
        co_return fail(Errc::cancelled, "the investigation was cancelled");
      std::vector<model::Evidence> items;
      for (auto& [query, about, answer] : found) {
        run.answered(Asked::query, query, answer.size());
        run.recording.answers.back().about = std::move(about);
        std::ranges::move(answer, std::back_inserter(items));
      }
      consultation->tell(run.add_all(std::move(items)));
      next = machine.step(LookedUp{left()});
    } else {
      run.judge(consultation ? &*consultation : nullptr, without_models);
      next = machine.step(Reasoned{left()});
    }
  }
  run.close(std::get<Finish>(next).partial, clock_.now());
  if (recording_) {
    if (counsel) run.recording.dialogue = dialogue_of(*counsel, std::move(steps), *speeches);
    run.keep(*recordings_, budgets_.of(alert->severity));
  }
  co_return std::move(run.verdict);
}

}  // namespace sallyport::investigate
