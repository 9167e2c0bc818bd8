#include "engine/app/dispatcher.hpp"

#include "engine/act/reversal.hpp"
#include "engine/app/enumerator_names.hpp"
#include "engine/app/notices.hpp"
#include "engine/app/recorded_decision.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <utility>
#include <variant>

namespace sallyport::app {

namespace {

using store::Batch;

const model::Actor engine{.kind = "engine", .id = "pipeline"};

}  // namespace

Dispatcher::Dispatcher(Rooms rooms, asio::any_io_executor loop, Told told)
    : rooms_{std::move(rooms)},
      loop_{std::move(loop)},
      told_{std::move(told)},
      executions_{loop_, [log = rooms_.log](const std::exception_ptr& thrown) {
                    try {
                      std::rethrow_exception(thrown);
                    } catch (const std::exception& bug) {
                      log.error("an action ended by a fault of the program",
                                {{"what", bug.what()}});
                    }
                  }} {
  // Finding a counter takes a lock and a hash: once, not per decision.
  auto& metrics = rooms_.metrics;
  for_each_name<model::Ruling>([&](std::string_view ruling) {
    auto& by_reason = decisions_.emplace_back();
    for_each_name<model::Reason>([&](std::string_view reason) {
      by_reason.push_back(
          metrics.counter("sallyport_decisions_total",
                          "Decisions of the gate at proposal",
                          {{"decision", std::string{ruling}}, {"reason", std::string{reason}}}));
    });
  });
}

Dispatcher::Decided Dispatcher::decide(Batch& batch,
                                       model::ActionRequest request,
                                       const std::string& investigation,
                                       std::vector<std::string> evidence,
                                       Reversal reversal) {
  auto decided =
      ask_gate(batch, std::move(request), investigation, std::move(evidence), std::move(reversal));
  count(decided.decision);
  return decided;
}

Dispatcher::Decided Dispatcher::ask_gate(Batch& batch,
                                         model::ActionRequest request,
                                         const std::string& investigation,
                                         std::vector<std::string> evidence,
                                         Reversal reversal) {
  const auto now = rooms_.clock.now();
  const auto product = product_for(request, reversal.connector);
  const std::string connector{product ? product->name() : std::string_view{}};

  const auto record_only = [&](std::string detail, std::optional<ActionId> joined) {
    auto decision = rooms_.gate.preview(request, now, connector);
    const auto hash = model::request_hash(request);
    const auto by = request.requested_by;
    const auto tenant = request.tenant;
    const DecidedBody body{.investigation = investigation,
                           .request = std::move(request),
                           .request_hash = hash,
                           .decision = decision,
                           .evidence = std::move(evidence),
                           .connector = connector,
                           .detail = std::move(detail)};
    batch.append(tenant, model::EntryKind::decided, investigation, by, now, to_json(body));
    return Decided{.decision = std::move(decision),
                   .action = std::nullopt,
                   .joined = std::move(joined),
                   .permit = std::nullopt};
  };

  if (!product) return record_only("no connector runs this verb: recorded, not run", std::nullopt);
  if (const auto bounds = rooms_.executor.within_bounds(request); !bounds) {
    auto refused = record_only("refused: " + bounds.error().detail, std::nullopt);
    refused.decision.rationale += "; not run: " + bounds.error().detail;
    refused.refused = bounds.error();
    return refused;
  }
  if (auto alike = rooms_.actions.find_alike(request))
    return record_only("joins action " + alike->text(), alike);

  auto answer = rooms_.gate.judge(request, now, connector);
  model::Action action{.id = ActionId::parse(rooms_.ids.next(now)).value(),
                       .tenant = request.tenant,
                       .investigation = investigation,
                       .request = request,
                       .request_hash = model::request_hash(request),
                       .decision = gate::decision_of(answer),
                       .connector = connector,
                       .created_at = now,
                       .updated_at = now,
                       .evidence = evidence,
                       .reverses = std::move(reversal.action)};
  auto* permit = std::get_if<gate::Permit>(&answer);
  action.state = permit                                         ? model::ActionState::permitted
                 : std::holds_alternative<gate::Queued>(answer) ? model::ActionState::queued
                                                                : model::ActionState::blocked;
  // Another worker may have proposed the same at this moment: one of the two wins.
  if (!rooms_.actions.add(batch, action))
    return record_only("joins an action of this moment", rooms_.actions.find_alike(request));
  if (action.state == model::ActionState::queued) rooms_.approvals.ask(batch, action);
  if (permit && action.decision.notify) rooms_.outbox.put(batch, whitelist_fired(action));
  Decided decided{.decision = action.decision,
                  .action = std::move(action),
                  .joined = std::nullopt,
                  .permit = std::nullopt};
  if (permit) decided.permit = std::move(*permit);
  return decided;
}

void Dispatcher::count(const model::Decision& decision) {
  decisions_.at(static_cast<std::size_t>(decision.decision))
      .at(static_cast<std::size_t>(decision.reason))
      .add();
}

void Dispatcher::held(const model::Action& action) const {
  if (action.state == model::ActionState::queued) told_.queued(action);
}

void Dispatcher::run(model::Action action, gate::Permit permit) {
  ++running_;
  asio::post(loop_, [this, action = std::move(action), permit = std::move(permit)]() mutable {
    // After close() nothing begins any more; the action is durable and taken up at the next start.
    if (!executions_.spawn(run_one(std::move(action), std::move(permit)))) --running_;
  });
}

asio::awaitable<void> Dispatcher::run_one(model::Action action, gate::Permit permit) {
  const auto ran = co_await rooms_.executor.run(std::move(action), std::move(permit));
  rest(ran);
  --running_;
}

void Dispatcher::rest(const Result<model::Action>& ran) {
  if (!ran) {
    rooms_.log.error("action stopped half-way; it is settled at the next start",
                     {{"why", ran.error().detail}});
    return;
  }
  rooms_.log.info("action",
                  {{"action", ran->id.text()},
                   {"verb", ran->request.action},
                   {"target", ran->request.target.value},
                   {"state", name_of(ran->state)},
                   {"detail", ran->detail}});
  rooms_.metrics
      .counter("sallyport_actions_total",
               "Actions by verb and where they came to rest",
               {{"verb", ran->request.action}, {"state", std::string{name_of(ran->state)}}})
      .add();
  if (ran->state == model::ActionState::verified) {
    // Later investigations of this entity see that something was done to it.
    Batch batch;
    rooms_.graph.acted(batch,
                       ran->tenant,
                       ran->request.target,
                       ran->request.action,
                       ran->id.text(),
                       ran->updated_at);
    rooms_.store.commit(std::move(batch), [log = rooms_.log](const Result<>& committed) {
      if (!committed) log.warn("graph not written", {{"why", committed.error().detail}});
    });
  }
  told_.action(*ran);
}

Task<> Dispatcher::resume(model::Action action) {
  using enum model::ActionState;
  const bool half_way = action.state == intended || action.state == executing ||
                        action.state == unknown || action.state == succeeded;
  if (half_way) {
    auto settled = co_await rooms_.executor.settle(std::move(action));
    if (!settled || settled->state != permitted) rest(settled);
    if (!settled) co_return std::unexpected{settled.error()};
    action = *std::move(settled);
  }
  if (action.state != permitted) co_return Result<>{};

  auto answer = rooms_.approvals.permit_again(action);
  if (!answer) co_return std::unexpected{answer.error()};
  if (auto* permit = std::get_if<gate::Permit>(&*answer)) {
    run(std::move(action), std::move(*permit));
    co_return Result<>{};
  }
  const auto decision = gate::decision_of(*answer);
  act::Change change{.to = std::holds_alternative<gate::Blocked>(*answer) ? blocked : queued,
                     .by = engine,
                     .edit = [decision](model::Action& record) { record.decision = decision; },
                     .with = {},
                     .entry = {}};
  if (change.to == queued) rooms_.approvals.ask(change.with, action);
  const auto changed = co_await rooms_.actions.change(std::move(action), std::move(change));
  if (!changed) co_return std::unexpected{changed.error()};
  held(*changed);
  co_return Result<>{};
}

asio::awaitable<void> Dispatcher::close() {
  return executions_.close();
}

std::shared_ptr<act::Product> Dispatcher::product_for(const model::ActionRequest& request,
                                                      const std::string& connector) const {
  const auto& products = rooms_.executor.products();
  if (connector.empty()) return products.for_verb(request.action);
  auto named = products.named(connector);
  return named && named->runs(request.action) ? named : nullptr;
}

Task<model::Action> Dispatcher::propose(model::ActionRequest request, Reversal reversal) {
  if (!product_for(request, reversal.connector)) {
    co_return fail(Errc::conflict,
                   reversal.connector.empty()
                       ? fmt::format("no connector runs {}", request.action)
                       : fmt::format("connector {}, which did it, is not configured any more",
                                     reversal.connector));
  }
  if (const auto alike = rooms_.actions.find_alike(request)) {
    co_return fail(Errc::conflict,
                   fmt::format("action {} does the same and is open", alike->text()));
  }
  Batch batch;
  auto decided = decide(batch, std::move(request), "", {}, std::move(reversal));
  if (!decided.action && !decided.refused)
    co_return fail(Errc::conflict, "one like it was proposed at this moment");
  const auto committed = co_await rooms_.store.commit(std::move(batch));
  if (!committed) {
    if (decided.action) rooms_.actions.forget(*decided.action);
    co_return std::unexpected{committed.error()};
  }
  if (decided.refused) co_return std::unexpected{*decided.refused};
  auto action = *decided.action;
  held(action);
  if (decided.permit) run(*std::move(decided.action), *std::move(decided.permit));
  co_return action;
}

Task<model::Action> Dispatcher::roll_back(model::Action action,
                                          model::Actor by,
                                          std::string after) {
  auto request = act::rollback_request(action, by);
  if (!request) co_return std::unexpected{request.error()};
  if (!after.empty()) request->context["after"] = after;
  // Where it was done it is undone, whoever else can run the verb.
  co_return co_await propose(*std::move(request),
                             {.action = action.id.text(), .connector = action.rollback->connector});
}

}  // namespace sallyport::app
