#include "connectors/manifest/runner.hpp"

#include "connectors/manifest/template.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::size_t state_limit_bytes = 64UL << 10U;
constexpr std::chrono::milliseconds first_look{200};
/// To say what we know before we are cut off.
constexpr std::chrono::milliseconds margin_to_report{300};
constexpr std::chrono::milliseconds most_to_clean_up{2000};

asio::awaitable<void> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer{co_await asio::this_coro::executor, time};
  co_await timer.async_wait(asio::use_awaitable);
}

/// Why a read that was answered did not give a state.
Error read_error(const Judgement& judgement) {
  if (judgement.kind == Judgement::Kind::unclear) return {Errc::unavailable, judgement.why};
  switch (judgement.means) {
    case AnswerClass::not_found:
      return {Errc::not_found, judgement.why};
    case AnswerClass::permanent:
    case AnswerClass::forbidden:
    case AnswerClass::unauthorized:
      return {Errc::denied, judgement.why};
    default:
      return {Errc::unavailable, judgement.why};
  }
}

bool is_done_before(const Judgement& judgement) {
  return judgement.kind == Judgement::Kind::classed && judgement.means == AnswerClass::already_done;
}

const json::object& state_in(const json::value& facts) {
  return facts.at("state").as_object();
}

/// Letters, digits and marks, each at least once: what password rules ask for.
std::string random_password() {
  constexpr std::string_view alphabet =
      "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_.+";
  constexpr std::size_t length = 28;
  std::random_device source;
  std::uniform_int_distribution<std::size_t> any{0, alphabet.size() - 1};
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += alphabet[any(source)];
  return text + "aZ7-";
}

/// How far the steps of an act came, as `run.outcome` says it.
std::string_view name_of_end(const Result<model::Outcome>& outcome) {
  if (!outcome || outcome->status == model::OutcomeStatus::failed) return "failed";
  return outcome->status == model::OutcomeStatus::unknown ? "unknown" : "succeeded";
}

}  // namespace

std::string described(const json::object& state) {
  std::string text;
  for (const auto& [key, value] : state) {
    const auto shown = text_of_scalar(value);
    if (!shown) continue;
    text += fmt::format("{}{}: {:.100}",
                        text.empty() ? "" : ", ",
                        std::string_view{key.data(), key.size()},
                        *shown);
  }
  return text;
}

json::object recorded_state(const OperationPlan& plan, const json::value& facts) {
  auto state = state_in(facts);
  for (const auto& step : plan.state)
    for (const auto& pick : step.save)
      if (!pick.record) state.erase(pick.name);
  return state;
}

struct Runner::Progress {
  json::value facts;
  model::Outcome outcome;
  bool sent = false;  ///< A step went out, whatever became of it.
};

/// What became of a job of the product's.
struct Runner::Waited {
  bool ended = false;
  bool well = false;
  std::string last;  ///< What was seen last, where it has not ended.
};

Task<json::value> Runner::with_state(const OperationPlan& plan,
                                     json::value facts,
                                     Deadline deadline) {
  const auto preset = state_in(facts);
  for (const auto& step : plan.state) {
    const auto known = [&](const PickPlan& pick) { return preset.contains(pick.name); };
    if (!step.save.empty() && std::ranges::all_of(step.save, known)) continue;
    if (step.when && !holds(step.when, facts)) continue;
    const auto called = co_await caller_.call(step, facts, true, deadline);
    if (!called) co_return std::unexpected{called.error()};
    const auto& judgement = called->judgement;
    const bool there =
        judgement.kind == Judgement::Kind::good || (judgement.kind == Judgement::Kind::classed &&
                                                    judgement.means == AnswerClass::already_done);
    if (!there) co_return std::unexpected{read_error(judgement)};
    auto values = picked(step.save, called->record);
    if (!values) co_return std::unexpected{values.error()};
    auto& state = facts.as_object()["state"].as_object();
    for (auto& [key, value] : *values)
      if (!preset.contains(key)) state[key] = std::move(value);
  }
  if (to_json(recorded_state(plan, facts)).size() > state_limit_bytes)
    co_return fail(Errc::unavailable, "the product's state is too large to be kept");
  co_return facts;
}

Task<Runner::Waited> Runner::wait(const WaitPlan& plan, json::value facts, Deadline deadline) {
  Waited waited{.last = "not looked at yet"};
  for (auto delay = first_look;;
       delay = std::min<std::chrono::milliseconds>(delay * 2, plan.every)) {
    if (Deadline::Clock::now() + delay + margin_to_report >= deadline.at()) co_return waited;
    co_await pause(delay);
    const auto left =
        deadline.tightened_to(deadline.at() - Deadline::Clock::now() - margin_to_report);
    const auto called = co_await caller_.call(plan.look, facts, true, left);
    if (!called || called->judgement.kind == Judgement::Kind::unclear) {
      waited.last = called ? called->judgement.why : called.error().detail;
      continue;
    }
    const bool failed = holds(plan.failed, called->record);
    if (failed || holds(plan.done, called->record))
      co_return Waited{.ended = true, .well = !failed, .last = {}};
    waited.last =
        called->judgement.kind == Judgement::Kind::good ? "it is under way" : called->judgement.why;
  }
}

void Runner::note_the_end(const OperationPlan& plan,
                          const json::value& facts,
                          model::Outcome& outcome) {
  if (plan.ends_after.empty()) return;
  const auto seconds = value_at(facts, "parameters." + plan.ends_after);
  if (seconds && seconds->is_int64() && seconds->get_int64() != plan.without_end)
    outcome.product["ends_at"] =
        to_rfc3339(clock_.now() + std::chrono::seconds{seconds->as_int64()});
}

Task<Attempt> Runner::act(const OperationPlan& plan, Progress& progress, Deadline deadline) {
  const bool may_repeat = plan.repeat != Repeat::once;
  auto& outcome = progress.outcome;
  bool all_done_before = true;
  bool begins_a_job = false;  // the last step, where the product has not said that it is so already
  bool begun = false;
  const auto ended_as = [&](model::OutcomeStatus status, const std::string& why) {
    outcome.status = status;
    outcome.detail = why;
    return Attempt{.outcome = outcome};
  };
  const auto unknown = [&](const std::string& why) {
    return ended_as(model::OutcomeStatus::unknown, why);
  };
  for (const auto& step : plan.act) {
    if (step.when && !holds(step.when, progress.facts)) continue;
    const auto called = co_await caller_.call(step, progress.facts, may_repeat, deadline);
    if (!called) {
      if (begun) co_return unknown("stopped halfway: " + called.error().detail);
      co_return Attempt{.outcome = std::unexpected{called.error()}};
    }
    progress.sent = true;
    const auto& judgement = called->judgement;
    const bool done_before = is_done_before(judgement);
    if (judgement.kind == Judgement::Kind::unclear) co_return unknown(judgement.why);
    if (judgement.kind == Judgement::Kind::classed && !done_before) {
      const bool conflict = judgement.means == AnswerClass::conflict;
      // A fault of the server, or its own word that it is at it: it may have happened.
      if (begun || called->perhaps_done || judgement.means == AnswerClass::retryable ||
          judgement.means == AnswerClass::in_progress) {
        auto open = unknown(judgement.why);
        open.again = conflict && may_repeat;
        co_return open;
      }
      co_return Attempt{
          .outcome = fail(conflict ? Errc::conflict : read_error(judgement).code, judgement.why),
          .again = conflict};
    }
    begins_a_job = !done_before;
    const bool by_another = done_before && !called->perhaps_done;
    begun = begun || !by_another;
    all_done_before = all_done_before && by_another;
    const auto values = picked(step.save, called->record);
    if (!values) co_return unknown("answered without what was asked for: " + values.error().detail);
    auto& act = progress.facts.as_object()["act"].as_object();
    for (const auto& pick : step.save) {
      const auto* value = values->if_contains(pick.name);
      if (!value) continue;
      act[pick.name] = *value;
      if (pick.record) outcome.product[pick.name] = *value;
    }
    if (!step.wait || done_before) continue;
    const auto waited = co_await wait(*step.wait, progress.facts, deadline);
    if (!waited) co_return unknown(waited.error().detail);
    if (!waited->ended) co_return unknown(step.id + ": its job has not ended: " + waited->last);
    if (!waited->well)
      co_return ended_as(model::OutcomeStatus::failed, step.id + ": the product's job failed");
  }
  if (all_done_before) {
    outcome.detail = "was so already";
    co_return Attempt{.outcome = outcome};
  }
  outcome.status = model::OutcomeStatus::succeeded;
  outcome.detail = fmt::format("{} accepted it", plan_->connector.title);
  note_the_end(plan, progress.facts, outcome);
  if (!plan.wait || !begins_a_job) co_return Attempt{.outcome = outcome};
  const auto waited = co_await wait(*plan.wait, progress.facts, deadline);
  if (!waited) co_return std::unexpected{waited.error()};
  if (!waited->ended) outcome.detail += "; its job has not ended: " + waited->last;
  if (waited->ended && !waited->well)
    co_return ended_as(model::OutcomeStatus::failed, "the product's job failed");
  co_return Attempt{.outcome = outcome};
}

Task<> Runner::clean_up(const OperationPlan& plan,
                        json::value facts,
                        std::string outcome,
                        Deadline deadline) {
  facts.as_object()["run"].as_object()["outcome"] = outcome;
  for (const auto& step : plan.finally) {
    if (step.when && !holds(step.when, facts)) continue;
    (void)co_await caller_.call(step, facts, true, deadline);  // the outcome stays what it is
  }
  co_return Result<>{};
}

Task<Attempt> Runner::attempt(const OperationPlan& plan, json::value facts, Deadline deadline) {
  Turn::Held mine;
  if (plan.alone) {
    auto turn = co_await turn_.take(deadline);
    if (!turn) co_return Attempt{.outcome = std::unexpected{turn.error()}};
    mine = *std::move(turn);
  }
  auto known = co_await with_state(plan, std::move(facts), deadline);
  if (!known) co_return Attempt{.outcome = std::unexpected{known.error()}};
  auto state = recorded_state(plan, *known);
  model::Outcome outcome{.status = model::OutcomeStatus::already_done,
                         .detail = described(state),
                         .product = std::move(state)};
  if (holds(plan.pending, *known)) {
    outcome.status = model::OutcomeStatus::unknown;
    outcome.detail = "the same is under way already: " + outcome.detail;
    co_return Attempt{.outcome = outcome};
  }
  if (holds(plan.in_effect, *known)) co_return Attempt{.outcome = outcome};
  for (const auto& refusal : plan.refuse) {
    if (holds(refusal.when, *known))
      co_return Attempt{
          .outcome = fail(Errc::denied, fmt::format("{} ({})", refusal.because, outcome.detail))};
  }
  known->as_object()["run"].as_object()["password"] = random_password();
  Progress progress{.facts = *std::move(known), .outcome = std::move(outcome)};
  // What cleans up has its share of the time, also when the act takes all of its own.
  auto for_the_act = deadline;
  if (!plan.finally.empty()) {
    const auto left = deadline.at() - Deadline::Clock::now();
    const auto kept = std::min<Deadline::Clock::duration>(left / 4, most_to_clean_up);
    for_the_act = deadline.tightened_to(left - kept);
  }
  auto done = co_await act(plan, progress, for_the_act);
  if (progress.sent && !plan.finally.empty()) {
    const auto ended = done ? name_of_end(done->outcome) : std::string_view{"unknown"};
    (void)co_await clean_up(plan, progress.facts, std::string{ended}, deadline);
  }
  co_return done;
}

}  // namespace sallyport::connectors::manifest
