#include "engine/act/executor.hpp"

#include "engine/act/life.hpp"
#include "engine/act/reversal.hpp"
#include "engine/act/timed.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::act {

namespace {

using enum model::ActionState;

const model::Actor engine{.kind = "engine", .id = "act"};

/// Whether a whitelist entry lets it run of which nobody was told when it was proposed.
bool fires_anew(const gate::Permit& permit, const model::Decision& before) {
  const auto& now = permit.decision();
  if (permit.approved_by() || !now.notify) return false;
  return before.decision != model::Ruling::auto_ || !before.notify || before.rule != now.rule;
}

/// What came of a request. What was cut off in the middle may have happened.
model::Outcome outcome_of(Result<model::Outcome> answer) {
  if (answer) return *std::move(answer);
  const auto& error = answer.error();
  const bool cut_off = error.code == Errc::expired || error.code == Errc::cancelled;
  return {.status = cut_off ? model::OutcomeStatus::unknown : model::OutcomeStatus::failed,
          .detail = error.detail,
          .product = {}};
}

model::ActionState state_after(model::OutcomeStatus status) {
  switch (status) {
    case model::OutcomeStatus::failed:
      return failed;
    case model::OutcomeStatus::unknown:
      return unknown;
    case model::OutcomeStatus::succeeded:
    case model::OutcomeStatus::already_done:
      return succeeded;
  }
  std::unreachable();
}

}  // namespace

Executor::Executor(Actions& actions,
                   gate::Gate& gate,
                   const Clock& clock,
                   std::vector<std::shared_ptr<Actuator>> actuators,
                   ExecutorOptions options,
                   Ask ask,
                   Tell tell,
                   Product::Turned turned)
    : actions_{actions},
      gate_{gate},
      clock_{clock},
      options_{std::move(options)},
      ask_{std::move(ask)},
      tell_{std::move(tell)},
      products_{std::move(actuators), options_.product, options_.product_of, turned},
      verifier_{actions, clock, options_.verify, tell_} {}

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
  const auto product = products_.named(action.connector);
  if (!product)
    return fail(Errc::not_found, fmt::format("no connector {} is configured", action.connector));
  return check(*product, operation_of(action));
}

Result<> Executor::check(const Product& product, const Operation& operation) const {
  const auto bounds =
      options_.boundary ? options_.boundary(operation.verb, operation.target) : Result<>{};
  return bounds ? product.rules().check(operation) : bounds;
}

Result<> Executor::within_bounds(const model::ActionRequest& request) const {
  return options_.boundary ? options_.boundary(request.action, request.target) : Result<>{};
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

Task<model::Action> Executor::hold(model::Action action, std::string why) {
  Change change{.to = queued,
                .by = engine,
                .edit = [&](model::Action& record) { record.detail = why; },
                .with = {},
                .entry = model::EntryKind::held};
  ask_(change.with, action);
  co_return co_await actions_.change(std::move(action), std::move(change));
}

Task<model::Action> Executor::fail_with(model::Action action, std::string detail) {
  auto as_it_will_be = action;
  as_it_will_be.detail = detail;
  const auto told =
      co_await conclude_reversed(actions_, tell_, std::move(as_it_will_be), rollback_failed);
  if (!told) co_return std::unexpected{told.error()};
  Change change{.to = failed,
                .by = engine,
                .edit = [&](model::Action& record) { record.detail = detail; },
                .with = {},
                .entry = {}};
  co_return co_await actions_.change(std::move(action), std::move(change));
}

Task<model::Action> Executor::run(model::Action action, gate::Permit permit) {
  const auto lock = co_await locks_.acquire(target_of(action.request));
  const auto product = products_.named(action.connector);
  if (!product) {
    auto detail = fmt::format("no connector {} is configured", action.connector);
    co_return co_await fail_with(std::move(action), std::move(detail));
  }

  if (auto obstacle = missing_before(actions_, action); !obstacle.empty())
    co_return co_await fail_with(std::move(action), std::move(obstacle));

  auto answer = gate_.recheck(std::move(permit), clock_.now(), action.connector);
  auto* allowed = std::get_if<gate::Permit>(&answer);
  if (!allowed) co_return co_await hold_back(std::move(action), std::move(answer));
  if (allowed->request_hash() != action.request_hash)
    throw std::logic_error{"a permit was spent on another request"};

  auto operation = operation_of(action);
  const auto sound = check(*product, operation);
  if (!sound) co_return co_await fail_with(std::move(action), "refused: " + sound.error().detail);

  const auto before = co_await product->read(operation, product->wait_for());
  if (before.refused) co_return co_await hold(std::move(action), before.answer.error().detail);
  if (!before.answer) {
    auto detail = fmt::format("nothing was sent; the state before could not be read: {}",
                              before.answer.error().detail);
    co_return co_await fail_with(std::move(action), std::move(detail));
  }

  auto recorded = co_await intend(std::move(action), *allowed, *product, operation, *before.answer);
  if (!recorded) co_return recorded;
  if (before.answer->in_effect == true) {
    model::Outcome outcome{.status = model::OutcomeStatus::already_done,
                           .detail = before.answer->detail,
                           .product = before.answer->state};
    auto already = co_await answered(*std::move(recorded), std::move(outcome));
    if (!already) co_return already;
    co_return co_await verifier_.verify(*std::move(already), *product, std::move(operation));
  }

  // Between the first look and now the record went to the disk, and the dial may have been turned.
  answer = gate_.recheck(std::move(*allowed), clock_.now(), recorded->connector);
  if (!std::holds_alternative<gate::Permit>(answer))
    co_return co_await hold_back(*std::move(recorded), std::move(answer));
  co_return co_await send(*std::move(recorded), *product, std::move(operation), std::move(answer));
}

Task<model::Action> Executor::intend(model::Action action,
                                     const gate::Permit& permit,
                                     const Product& product,
                                     const Operation& operation,
                                     const Reading& before) {
  auto inverse = product.rules().inverse(operation, before);
  model::RollbackRecord rollback{.verb = inverse.operation.verb,
                                 .target = inverse.operation.target,
                                 .parameters = inverse.operation.parameters,
                                 .pre_state = before.state,
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
                      record.decision = permit.decision();
                    },
                .with = {},
                .entry = {}};
  if (fires_anew(permit, action.decision)) {
    auto fired = action;
    fired.decision = permit.decision();
    tell_(intend.with, fired, Notice::fired);
  }
  co_return co_await actions_.change(std::move(action), std::move(intend));
}

Task<model::Action> Executor::send(model::Action action,
                                   Product& product,
                                   Operation operation,
                                   gate::Answer answer) {
  // Not before it is its turn: what a crash finds `executing` may have been sent and is not sent
  // again; what only waited begins anew.
  Result<model::Action> begun = std::move(action);
  Product::Begin begin = [&]() -> asio::awaitable<bool> {
    Change change{.to = executing, .by = engine, .edit = {}, .with = {}, .entry = {}};
    auto changed = co_await actions_.change(*std::move(begun), std::move(change));
    begun = std::move(changed);
    co_return begun.has_value();
  };
  // While `executing` went to the disk, or between two attempts, the dial may have been turned.
  std::function<bool()> allowed = [&] {
    answer =
        gate_.recheck(std::get<gate::Permit>(std::move(answer)), clock_.now(), begun->connector);
    return std::holds_alternative<gate::Permit>(answer);
  };
  auto asked = co_await product.execute(operation, begin, allowed, product.wait_for());
  if (!begun) co_return begun;
  if (!std::holds_alternative<gate::Permit>(answer))
    co_return co_await hold_back(*std::move(begun), std::move(answer));
  if (asked.refused) co_return co_await hold(*std::move(begun), asked.answer.error().detail);

  auto known = co_await answered(*std::move(begun), outcome_of(std::move(asked.answer)));
  if (!known || known->state == failed) co_return known;
  co_return co_await verifier_.verify(*std::move(known), product, std::move(operation));
}

Task<model::Action> Executor::answered(model::Action action, model::Outcome outcome) {
  const auto to = state_after(outcome.status);
  const auto now = clock_.now();
  const auto edit = [&](model::Action& record) {
    record.outcome = outcome;
    // Somebody was faster than we: what they did is not ours to undo.
    const bool by_another = outcome.status == model::OutcomeStatus::already_done;
    if (by_another && record.rollback && !record.rollback->verb.empty()) {
      record.rollback->verb.clear();
      record.rollback->why = "was so before it was sent (" + outcome.detail + ")";
    }
    record.ends_at = to == succeeded ? end_of(record, now) : std::nullopt;
    record.detail = outcome.detail;
  };
  Change answered{.to = to, .by = engine, .edit = edit, .with = {}, .entry = {}};
  auto as_it_will_be = action;
  edit(as_it_will_be);
  if (as_it_will_be.ends_at) actions_.set_end(answered.with, as_it_will_be, as_it_will_be.ends_at);
  if (to == failed) {
    const auto told =
        co_await conclude_reversed(actions_, tell_, std::move(as_it_will_be), rollback_failed);
    if (!told) co_return std::unexpected{told.error()};
  }
  co_return co_await actions_.change(std::move(action), std::move(answered));
}

Task<model::Action> Executor::settle(model::Action action) {
  const auto lock = co_await locks_.acquire(target_of(action.request));
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
  const auto product = products_.named(action.connector);
  if (!product) {  // it stays open, and visible, until that is configured again
    const auto at = next_look(options_.verify.watch, action, clock_.now());
    const auto later = co_await actions_.look_later(action.id.text(), at);
    if (!later) co_return std::unexpected{later.error()};
    co_return action;
  }
  auto operation = operation_of(action);
  co_return co_await verifier_.reconcile(std::move(action), *product, std::move(operation));
}

Task<model::Action> Executor::release(model::Action action) {
  const auto lock = co_await locks_.acquire(target_of(action.request));
  const auto product = products_.named(action.connector);
  if (!product) co_return fail(Errc::unavailable, "no connector " + action.connector);
  auto operation = operation_of(action);
  co_return co_await verifier_.release(std::move(action), *product, std::move(operation));
}

Task<std::optional<model::Action>> Executor::look_again(std::string id) {
  auto action = actions_.get(id);
  if (!action) co_return std::unexpected{action.error()};
  const auto lock = co_await locks_.acquire(target_of(action->request));
  action = actions_.get(id);  // while we waited for the target it may have been undone
  if (!action) co_return std::unexpected{action.error()};
  const auto product = products_.named(action->connector);
  const bool stands =
      action->state == verified || action->state == succeeded || action->state == unknown;
  if (!product || !stands) {
    const auto at = stands ? next_look(options_.verify.watch, *action, clock_.now()) : std::nullopt;
    const auto later = co_await actions_.look_later(id, at);
    if (!later) co_return std::unexpected{later.error()};
    co_return std::optional<model::Action>{};
  }
  auto operation = operation_of(*action);
  co_return co_await verifier_.look_again(*std::move(action), *product, std::move(operation));
}

}  // namespace sallyport::act
