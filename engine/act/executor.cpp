#include "engine/act/executor.hpp"

#include "engine/act/life.hpp"
#include "engine/store/timers.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sallyport::act {

namespace {

using enum model::ActionState;

const model::Actor engine{.kind = "engine", .id = "act"};

/// Actions on one host or user never run side by side, whatever their verbs.
std::string target_of(const model::Action& action) {
  const auto& request = action.request;
  if (const auto* host = request.parameters.if_contains("host"); host && host->is_string())
    return store::key({action.tenant, std::string_view{host->get_string()}});
  return store::key({action.tenant, request.target.value});
}

asio::awaitable<void> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer{co_await asio::this_coro::executor, time};
  co_await timer.async_wait(asio::use_awaitable);
}

/// When the product says that it will let go by itself.
std::optional<Time> end_of(const model::Outcome& outcome) {
  const auto* at = outcome.product.if_contains("ends_at");
  if (!at || !at->is_string()) return std::nullopt;
  const auto time = parse_rfc3339(std::string_view{at->get_string()});
  return time ? std::optional{*time} : std::nullopt;
}

/// Whether a whitelist entry lets it run of which nobody was told when it was proposed.
bool fires_anew(const gate::Permit& permit, const model::Decision& before) {
  const auto& now = permit.decision();
  if (permit.approved_by() || !now.notify) return false;
  return before.decision != model::Ruling::auto_ || !before.notify || before.rule != now.rule;
}

}  // namespace

Executor::Executor(Actions& actions,
                   gate::Gate& gate,
                   const Clock& clock,
                   std::vector<std::shared_ptr<Actuator>> actuators,
                   ExecutorOptions options,
                   Ask ask,
                   Fired fired)
    : actions_{actions},
      gate_{gate},
      clock_{clock},
      actuators_{std::move(actuators)},
      options_{options},
      ask_{std::move(ask)},
      fired_{std::move(fired)} {}

std::shared_ptr<Actuator> Executor::actuator_for(std::string_view verb) const {
  const auto found = std::ranges::find_if(actuators_, [&](const auto& actuator) {
    return std::ranges::find(actuator->verbs(), verb) != actuator->verbs().end();
  });
  return found == actuators_.end() ? nullptr : *found;
}

void Executor::put(std::shared_ptr<Actuator> actuator) {
  const auto place = std::ranges::lower_bound(
      actuators_, actuator->name(), {}, [](const auto& each) { return each->name(); });
  if (place != actuators_.end() && (*place)->name() == actuator->name()) {
    *place = std::move(actuator);
  } else {
    actuators_.insert(place, std::move(actuator));
  }
}

void Executor::take_away(std::string_view name) {
  std::erase_if(actuators_, [&](const auto& actuator) { return actuator->name() == name; });
}

std::vector<std::string> Executor::connectors() const {
  std::vector<std::string> names;
  for (const auto& actuator : actuators_) names.emplace_back(actuator->name());
  return names;
}

std::shared_ptr<Actuator> Executor::by_name(std::string_view name) const {
  const auto found = std::ranges::find_if(
      actuators_, [&](const auto& actuator) { return actuator->name() == name; });
  return found == actuators_.end() ? nullptr : *found;
}

Operation Executor::operation_of(const model::Action& action) const {
  Operation operation{.verb = action.request.action,
                      .target = action.request.target,
                      .parameters = action.request.parameters,
                      .idempotency_key = action.id.text(),
                      .restore = {}};
  if (action.reverses.empty()) return operation;
  const auto reversed = actions_.get(action.reverses);
  if (reversed && reversed->rollback) operation.restore = reversed->rollback->pre_state;
  return operation;
}

Result<> Executor::check(const model::Action& action) const {
  const auto actuator = by_name(action.connector);
  if (!actuator)
    return fail(Errc::not_found, fmt::format("no connector {} is configured", action.connector));
  return actuator->check(operation_of(action));
}

Task<Reading> Executor::read(Actuator& actuator, Operation operation) {
  const auto deadline = Deadline::in(options_.request_timeout);
  for (unsigned attempt = 1;; ++attempt) {
    auto reading = co_await with_deadline(deadline, actuator.read(operation, deadline));
    const bool again = !reading && reading.error().code == Errc::unavailable &&
                       attempt < options_.attempts && Deadline::Clock::now() < deadline.at();
    if (!again) co_return reading;
    co_await pause(std::chrono::milliseconds{100} * (1U << attempt));
  }
}

Task<model::Action> Executor::hold_back(model::Action action, gate::Answer answer) {
  const bool blocked_now = std::holds_alternative<gate::Blocked>(answer);
  const auto decision = gate::decision_of(answer);
  Change change{.to = blocked_now ? blocked : queued,
                .by = engine,
                .edit =
                    [decision](model::Action& record) {
                      record.decision = decision;
                      record.detail = "held back before anything was sent: " + decision.rationale;
                    },
                .with = {},
                .entry = {}};
  if (!blocked_now) ask_(change.with, action);
  co_return co_await actions_.change(std::move(action), std::move(change));
}

Task<model::Action> Executor::finish(model::Action action,
                                     model::ActionState to,
                                     std::string detail) {
  Change change{.to = to,
                .by = engine,
                .edit = [detail](model::Action& record) { record.detail = detail; },
                .with = {},
                .entry = {}};
  auto changed = co_await actions_.change(std::move(action), std::move(change));
  if (!changed) co_return changed;
  if (to == failed) {
    const auto told = co_await tell_reversed(*changed, rollback_failed);
    if (!told) co_return std::unexpected{told.error()};
  }
  co_return changed;
}

Task<> Executor::tell_reversed(model::Action action, model::ActionState to) {
  if (action.reverses.empty()) co_return Result<>{};
  auto reversed = actions_.get(action.reverses);
  if (!reversed) co_return std::unexpected{reversed.error()};
  if (reversed->state == to || !may_follow(reversed->state, to)) co_return Result<>{};
  Change change{.to = to,
                .by = action.request.requested_by,
                .edit =
                    [&action](model::Action& record) {
                      record.reversed_by = action.id.text();
                      record.verification = action.verification;
                      record.detail = action.detail;
                    },
                .with = {},
                .entry = {}};
  if (reversed->ends_at)
    store::clear_timer(
        change.with, store::TimerKind::action, *reversed->ends_at, reversed->id.text());
  const auto changed = co_await actions_.change(*std::move(reversed), std::move(change));
  if (!changed) co_return std::unexpected{changed.error()};
  co_return Result<>{};
}

Task<model::Action> Executor::run(model::Action action, gate::Permit permit) {
  const auto lock = co_await locks_.acquire(target_of(action));
  const auto actuator = by_name(action.connector);
  if (!actuator) {
    co_return co_await finish(
        std::move(action), failed, fmt::format("no connector {} is configured", action.connector));
  }

  auto answer = gate_.recheck(std::move(permit), clock_.now(), action.connector);
  auto* allowed = std::get_if<gate::Permit>(&answer);
  if (!allowed) co_return co_await hold_back(std::move(action), std::move(answer));
  if (allowed->request_hash() != action.request_hash)
    throw std::logic_error{"a permit was spent on another request"};

  auto operation = operation_of(action);
  const auto sound = actuator->check(operation);
  if (!sound)
    co_return co_await finish(std::move(action), failed, "refused: " + sound.error().detail);

  const auto before = co_await read(*actuator, operation);
  if (!before) {
    auto detail = fmt::format("nothing was sent; the state before could not be read: {}",
                              before.error().detail);
    co_return co_await finish(std::move(action), failed, std::move(detail));
  }

  auto inverse = actuator->inverse(operation, *before);
  model::RollbackRecord rollback{.verb = inverse.operation.verb,
                                 .target = inverse.operation.target,
                                 .parameters = inverse.operation.parameters,
                                 .pre_state = before->state,
                                 .connector = action.connector,
                                 .why = inverse.why,
                                 .recorded_at = clock_.now()};
  if (!action.reverses.empty()) {
    rollback.verb.clear();
    rollback.why = "this is itself a rollback";
  }
  Change intend{.to = intended,
                .by = engine,
                .edit =
                    [&](model::Action& record) {
                      record.rollback = rollback;
                      record.decision = allowed->decision();
                    },
                .with = {},
                .entry = {}};
  if (fires_anew(*allowed, action.decision)) {
    auto fired = action;
    fired.decision = allowed->decision();
    fired_(intend.with, fired);
  }
  auto recorded = co_await actions_.change(std::move(action), std::move(intend));
  if (!recorded) co_return recorded;

  if (before->in_effect == true) {
    model::Outcome outcome{.status = model::OutcomeStatus::already_done,
                           .detail = before->detail,
                           .product = before->state};
    Change done{.to = succeeded,
                .by = engine,
                .edit = [&](model::Action& record) { record.outcome = outcome; },
                .with = {},
                .entry = {}};
    auto already = co_await actions_.change(*std::move(recorded), std::move(done));
    if (!already) co_return already;
    co_return co_await verify(*std::move(already), *actuator, std::move(operation));
  }

  // Between the first look and now the record went to the disk, and the dial may have been turned.
  answer = gate_.recheck(std::move(*allowed), clock_.now(), recorded->connector);
  if (!std::holds_alternative<gate::Permit>(answer))
    co_return co_await hold_back(*std::move(recorded), std::move(answer));
  co_return co_await send(*std::move(recorded), *actuator, std::move(operation), std::move(answer));
}

Task<model::Outcome> Executor::ask_and_execute(gate::Answer& answer,
                                               std::string connector,
                                               Actuator& actuator,
                                               Operation operation,
                                               Deadline deadline) {
  answer = gate_.recheck(std::get<gate::Permit>(std::move(answer)), clock_.now(), connector);
  if (!std::holds_alternative<gate::Permit>(answer)) co_return fail(Errc::denied, "held back");
  co_return co_await actuator.execute(std::move(operation), deadline);
}

Task<model::Action> Executor::send(model::Action action,
                                   Actuator& actuator,
                                   Operation operation,
                                   gate::Answer answer) {
  Change begin{.to = executing, .by = engine, .edit = {}, .with = {}, .entry = {}};
  auto begun = co_await actions_.change(std::move(action), std::move(begin));
  if (!begun) co_return begun;

  const auto deadline = Deadline::in(options_.request_timeout);
  Result<model::Outcome> outcome = fail(Errc::unavailable, "not tried");
  for (unsigned attempt = 1;; ++attempt) {
    // While `executing` went to the disk, or between two attempts, the dial may have been turned.
    outcome = co_await with_deadline(
        deadline, ask_and_execute(answer, begun->connector, actuator, operation, deadline));
    if (!std::holds_alternative<gate::Permit>(answer))
      co_return co_await hold_back(*std::move(begun), std::move(answer));
    const bool again = !outcome && outcome.error().code == Errc::unavailable &&
                       attempt < options_.attempts && Deadline::Clock::now() < deadline.at();
    if (!again) break;
    co_await pause(std::chrono::milliseconds{100} * (1U << attempt));
  }
  if (!outcome &&
      (outcome.error().code == Errc::expired || outcome.error().code == Errc::cancelled)) {
    // Cut off in the middle: it may have happened.
    outcome = model::Outcome{
        .status = model::OutcomeStatus::unknown, .detail = outcome.error().detail, .product = {}};
  }
  if (!outcome) {
    outcome = model::Outcome{
        .status = model::OutcomeStatus::failed, .detail = outcome.error().detail, .product = {}};
  }

  using enum model::OutcomeStatus;
  const auto to = outcome->status == model::OutcomeStatus::failed ? model::ActionState::failed
                  : outcome->status == model::OutcomeStatus::unknown
                      ? model::ActionState::unknown
                      : model::ActionState::succeeded;
  const auto ends_at = to == model::ActionState::succeeded ? end_of(*outcome) : std::nullopt;
  Change answered{.to = to,
                  .by = engine,
                  .edit =
                      [&](model::Action& record) {
                        record.outcome = *outcome;
                        record.ends_at = ends_at;
                        record.detail = outcome->detail;
                      },
                  .with = {},
                  .entry = {}};
  if (ends_at)
    store::set_timer(answered.with, store::TimerKind::action, *ends_at, begun->id.text());
  auto answered_action = co_await actions_.change(*std::move(begun), std::move(answered));
  if (!answered_action) co_return answered_action;
  if (to == model::ActionState::failed) {
    const auto told = co_await tell_reversed(*answered_action, rollback_failed);
    if (!told) co_return std::unexpected{told.error()};
    co_return answered_action;
  }
  co_return co_await verify(*std::move(answered_action), actuator, std::move(operation));
}

Task<model::Action> Executor::verify(model::Action action,
                                     Actuator& actuator,
                                     Operation operation) {
  const auto until = Deadline::in(options_.verify_for);
  model::Verification seen;
  for (auto wait = std::chrono::milliseconds{50};;
       wait = std::min(wait * 2, std::chrono::milliseconds{2000})) {
    const auto reading = co_await read(actuator, operation);
    seen.at = clock_.now();
    if (reading) {
      seen.in_effect = reading->in_effect;
      seen.state = reading->state;
      seen.detail = reading->detail;
    } else {
      seen.detail = "the state could not be read back: " + reading.error().detail;
    }
    const bool clear = reading && !reading->pending && (!reading->in_effect || *reading->in_effect);
    if (clear || Deadline::Clock::now() + wait >= until.at()) break;
    co_await pause(wait);
  }

  const bool holds = seen.in_effect.value_or(false);
  if (action.state == unknown) {
    if (!seen.in_effect) co_return action;  // a person has to look; it stays open
    model::Outcome settled{
        .status = holds ? model::OutcomeStatus::succeeded : model::OutcomeStatus::failed,
        .detail = "settled by reading the state: " + seen.detail,
        .product = seen.state};
    Change settle{.to = holds ? succeeded : failed,
                  .by = engine,
                  .edit = [&](model::Action& record) { record.outcome = settled; },
                  .with = {},
                  .entry = {}};
    auto known = co_await actions_.change(std::move(action), std::move(settle));
    if (!known) co_return known;
    if (!holds) {
      const auto told = co_await tell_reversed(*known, rollback_failed);
      if (!told) co_return std::unexpected{told.error()};
      co_return known;
    }
    action = *std::move(known);
  }

  if (holds) {
    Change confirm{.to = verified,
                   .by = engine,
                   .edit = [&](model::Action& record) { record.verification = seen; },
                   .with = {},
                   .entry = {}};
    auto confirmed = co_await actions_.change(std::move(action), std::move(confirm));
    if (!confirmed) co_return confirmed;
    const auto told = co_await tell_reversed(*confirmed, rolled_back);
    if (!told) co_return std::unexpected{told.error()};
    co_return confirmed;
  }
  // The product said yes and the state says no, or says nothing: never called verified.
  Change doubt{
      .to = succeeded,
      .by = engine,
      .edit =
          [&](model::Action& record) {
            record.verification = seen;
            record.detail =
                seen.in_effect
                    ? "unverified: the product said yes, but the state is not what it should be"
                    : "unverified: " + seen.detail;
          },
      .with = {},
      .entry = model::EntryKind::verified};
  auto doubted = co_await actions_.change(std::move(action), std::move(doubt));
  if (!doubted) co_return doubted;
  const auto told =
      co_await tell_reversed(*doubted, seen.in_effect ? rollback_failed : rolled_back);
  if (!told) co_return std::unexpected{told.error()};
  co_return doubted;
}

Result<model::ActionRequest> Executor::rollback_request(const model::Action& action,
                                                        const model::Actor& by) const {
  const bool in_force =
      action.state == verified || action.state == succeeded || action.state == rollback_failed;
  if (!in_force) {
    return fail(Errc::conflict,
                fmt::format("action {} is {}: there is nothing in force to undo",
                            action.id.text(),
                            name_of(action.state)));
  }
  if (!action.rollback || action.rollback->verb.empty()) {
    return fail(Errc::conflict,
                fmt::format("action {} cannot be undone: {}",
                            action.id.text(),
                            action.rollback ? action.rollback->why : "it has no rollback record"));
  }
  return model::ActionRequest{.tenant = action.tenant,
                              .action = action.rollback->verb,
                              .target = action.rollback->target,
                              .confidence = 1,
                              .requested_by = by,
                              .parameters = action.rollback->parameters,
                              .context = {{"rollback_of", action.id.text()}},
                              .grounded = true};
}

Task<model::Action> Executor::settle(model::Action action) {
  const auto lock = co_await locks_.acquire(target_of(action));
  const auto actuator = by_name(action.connector);
  if (!actuator)
    co_return action;  // it stays open, and visible, until the connector is configured again
  auto operation = operation_of(action);
  if (action.state == succeeded || action.state == unknown)
    co_return co_await verify(std::move(action), *actuator, std::move(operation));

  if (action.state == intended) {
    // `executing` is durable before anything is sent, so nothing was: it may begin anew.
    Change again{.to = permitted,
                 .by = engine,
                 .edit =
                     [](model::Action& record) {
                       record.rollback.reset();
                       record.detail = "the engine stopped before anything was sent";
                     },
                 .with = {},
                 .entry = {}};
    co_return co_await actions_.change(std::move(action), std::move(again));
  }
  Change reconcile{.to = unknown,
                   .by = engine,
                   .edit =
                       [](model::Action& record) {
                         record.outcome =
                             model::Outcome{.status = model::OutcomeStatus::unknown,
                                            .detail = "the engine stopped while it was under way",
                                            .product = {}};
                       },
                   .with = {},
                   .entry = {}};
  auto unclear = co_await actions_.change(std::move(action), std::move(reconcile));
  if (!unclear) co_return unclear;
  co_return co_await verify(*std::move(unclear), *actuator, std::move(operation));
}

Task<model::Action> Executor::release(model::Action action) {
  const auto lock = co_await locks_.acquire(target_of(action));
  const auto actuator = by_name(action.connector);
  if (!actuator) co_return fail(Errc::unavailable, "no connector " + action.connector);
  const auto reading = co_await read(*actuator, operation_of(action));
  if (!reading) co_return std::unexpected{reading.error()};
  if (reading->in_effect == true) co_return fail(Errc::unavailable, "the product still holds it");
  Change ended{.to = released,
               .by = engine,
               .edit =
                   [&](model::Action& record) {
                     record.verification = model::Verification{.in_effect = reading->in_effect,
                                                               .state = reading->state,
                                                               .detail = reading->detail,
                                                               .at = clock_.now()};
                     record.detail = "its time was over";
                   },
               .with = {},
               .entry = {}};
  if (action.ends_at)
    store::clear_timer(ended.with, store::TimerKind::action, *action.ends_at, action.id.text());
  co_return co_await actions_.change(std::move(action), std::move(ended));
}

}  // namespace sallyport::act
