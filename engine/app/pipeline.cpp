#include "engine/app/pipeline.hpp"

#include "engine/act/reversal.hpp"
#include "engine/app/notices.hpp"
#include "engine/app/recorded_decision.hpp"
#include "engine/ingest/group_records.hpp"
#include "engine/investigate/requests.hpp"
#include "engine/investigate/story.hpp"
#include "engine/investigate/verdicts.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <fmt/format.h>

#include <utility>
#include <variant>

namespace sallyport::app {

namespace {

using store::Batch;
using store::Table;

const model::Actor engine{.kind = "engine", .id = "pipeline"};

/// A call as the ledger keeps it: a cost that nobody knows is not 0.
std::string recorded(const model::ModelCall& call) {
  auto body = to_json_value(call).as_object();
  if (!call.usd) body["price"] = "not measured";
  return to_json(body);
}

/// Where the refused stand among what became of alerts at the door: after every Admission.
constexpr std::size_t refused_at_door = 3;

/// The names of an enumeration whose values count up from zero, in their order.
template <class E>
void for_each_name(const std::function<void(std::string_view)>& visit) {
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto d) { visit(spelled(d.name)); });
}

/// `E1 sha256:...` for each item that a proposal cites.
std::vector<std::string> cited(const model::Verdict& verdict, const model::Proposal& proposal) {
  std::vector<std::string> items;
  for (const auto& id : proposal.evidence) {
    const auto found = std::ranges::find(verdict.evidence, id, &model::Evidence::id);
    items.push_back(found == verdict.evidence.end() ? id : id + ' ' + found->hash);
  }
  return items;
}

}  // namespace

/// An alert, and the investigation that looks at it.
struct Pipeline::Case {
  std::shared_ptr<const model::Alert> alert;
  std::string investigation;
  std::shared_ptr<const model::Alert> whole;     ///< With what the investigation knows already.
  std::shared_ptr<const model::Verdict> before;  ///< Its newest verdict; nullptr: none so far.
  bool followed = false;  ///< It is not known to be the first alert of its investigation.
};

struct Pipeline::Decided {
  model::Decision decision;
  std::optional<model::Action> action;  ///< New.
  std::optional<ActionId> joined;       ///< One like it is open already.
  std::optional<gate::Permit> permit;
};

/// A verdict and the actions it led to, in a batch.
struct Pipeline::Concluded {
  model::Verdict verdict;
  std::vector<std::pair<model::Action, gate::Permit>> permitted;
  std::vector<model::Action> held;  ///< Queued or blocked.
};

Pipeline::Pipeline(Rooms rooms,
                   asio::any_io_executor workers,
                   asio::any_io_executor loop,
                   Told told)
    : rooms_{std::move(rooms)},
      stories_{rooms_.store},
      workers_{std::move(workers)},
      loop_{std::move(loop)},
      told_{std::move(told)},
      executions_{loop_,
                  [log = rooms_.log](const std::exception_ptr& thrown) {
                    try {
                      std::rethrow_exception(thrown);
                    } catch (const std::exception& bug) {
                      log.error("an action ended by a fault of the program",
                                {{"what", bug.what()}});
                    }
                  }},
      time_to_verdict_{rooms_.metrics.histogram(
          "sallyport_time_to_verdict_seconds",
          "From arrival to the durable verdict",
          {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30})},
      reopened_{rooms_.metrics.counter("sallyport_investigations_reopened_total",
                                       "Verdicts that a later alert gave a new version",
                                       {})} {
  // Finding a counter takes a lock and a hash: once, not per alert.
  auto& metrics = rooms_.metrics;
  const auto at_door = [&](std::string_view outcome) {
    admitted_.push_back(metrics.counter("sallyport_alerts_total",
                                        "Alerts by what became of them at the door",
                                        {{"outcome", std::string{outcome}}}));
  };
  for_each_name<ingest::Admission>(at_door);
  at_door("refused");
  for_each_name<ingest::Part>([&](std::string_view part) {
    parts_.push_back(metrics.counter("sallyport_grouped_alerts_total",
                                     "Alerts by what they are to their investigation",
                                     {{"part", std::string{part}}}));
  });
  for_each_name<model::Judgement>([&](std::string_view name) {
    verdicts_.push_back(metrics.counter(
        "sallyport_verdicts_total", "Investigations by verdict", {{"verdict", std::string{name}}}));
  });
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

void Pipeline::submit(ingest::RawAlert raw,
                      ingest::Intake::Done received,
                      std::move_only_function<void()> ended) {
  ++in_flight_;
  auto finish = [this, ended = std::move(ended)]() mutable {
    --in_flight_;
    ended();
  };
  auto work = [this,
               raw = std::move(raw),
               received = std::move(received),
               finish = std::move(finish)]() mutable {
    auto concluded = std::make_shared<std::optional<Concluded>>();
    auto opened = std::make_shared<std::string>();
    auto judge = [this, concluded, opened](
                     Batch& batch,
                     const model::Alert& alert,
                     const std::string& investigation) -> std::optional<model::Judgement> {
      *opened = investigation;
      auto* thinking = rooms_.thinking;
      std::string refused;
      const bool wanted = thinking && thinking->wants(alert);
      if (wanted) refused = thinking->would_refuse(alert, deadline_of(alert));
      std::optional<model::Verdict> verdict;
      if (!wanted || !refused.empty())
        verdict = rooms_.investigator.investigate_now(alert, investigation);
      if (!verdict) {
        rooms_.groups.heard(investigation, alert, rooms_.investigator.listen(alert));
        return std::nullopt;
      }
      if (!refused.empty()) verdict->missing.push_back("model: " + refused);
      *concluded = write(batch, alert, *std::move(verdict), nullptr);
      learn(alert, (*concluded)->verdict);
      return (*concluded)->verdict.verdict;
    };
    auto done = [this,
                 concluded,
                 opened,
                 received = std::move(received),
                 finish = std::move(finish)](Result<ingest::Receipt> receipt) mutable {
      const bool accepted = receipt && receipt->admission == ingest::Admission::accepted;
      auto alert = accepted ? receipt->alert : nullptr;
      auto placement = accepted ? std::move(receipt->placement) : ingest::Placement{};
      const auto became = receipt ? static_cast<std::size_t>(receipt->admission) : refused_at_door;
      admitted_.at(became).add();
      if (!receipt && *concluded) forget(**concluded);
      // Those who followed find no verdict: the first of them is investigated in its place.
      if (!receipt && !opened->empty()) turn_of(*opened, [] {})();
      received(std::move(receipt));
      if (!alert) return finish();
      parts_.at(static_cast<std::size_t>(placement.part)).add();
      if (placement.part == ingest::Part::joins) {
        if (told_.joined) told_.joined();
        return finish();
      }
      if (placement.part == ingest::Part::follows)
        return follow(std::move(alert), std::move(placement.investigation), std::move(finish));
      rooms_.groups.durable(placement.investigation, 1);
      auto ended = turn_of(placement.investigation, std::move(finish));
      if (!*concluded) {
        auto work = std::make_shared<const Case>(alert, placement.investigation, alert, nullptr);
        return begin(std::move(work), std::move(ended));
      }
      // The commit thread serves everybody: what follows is a worker's business.
      asio::post(workers_, [this, alert, concluded, ended = std::move(ended)]() mutable {
        finished(*alert, std::move(**concluded));
        ended();
      });
    };
    rooms_.intake.admit(std::move(raw), std::move(judge), std::move(done));
  };
  asio::post(workers_, std::move(work));
}

void Pipeline::take_up(ingest::OpenAlert open) {
  ++in_flight_;
  if (open.investigation.empty()) open.investigation = rooms_.ids.next(rooms_.clock.now());
  follow(std::move(open.alert), std::move(open.investigation), [this] { --in_flight_; });
}

Pipeline::Ended Pipeline::turn_of(std::string investigation, Ended ended) {
  return [this, investigation = std::move(investigation), ended = std::move(ended)]() mutable {
    if (auto next = rooms_.groups.leave(investigation)) asio::post(workers_, *std::move(next));
    ended();
  };
}

void Pipeline::follow(std::shared_ptr<const model::Alert> alert,
                      std::string investigation,
                      Ended ended) {
  auto in_turn = turn_of(investigation, std::move(ended));
  auto work =
      [this, alert = std::move(alert), investigation, ended = std::move(in_turn)]() mutable {
        look(alert, investigation, std::move(ended));
      };
  if (auto mine = rooms_.groups.enter(investigation, std::move(work)))
    asio::post(workers_, *std::move(mine));
}

void Pipeline::look(const std::shared_ptr<const model::Alert>& alert,
                    const std::string& investigation,
                    Ended ended) {
  const auto story = stories_.find(investigation);
  if (!story && story.error().code == Errc::not_found)
    return begin(std::make_shared<const Case>(alert, investigation, alert, nullptr, true),
                 std::move(ended));
  if (!story) {
    rooms_.log.error("a story cannot be read; trying again",
                     {{"investigation", investigation}, {"why", story.error().detail}});
    return later([this, alert, investigation, ended = std::move(ended)]() mutable {
      look(alert, investigation, std::move(ended));
    });
  }
  const std::shared_ptr<const model::Verdict> before{*story, &(*story)->verdict};
  auto work = std::make_shared<const Case>(
      alert,
      investigation,
      std::make_shared<const model::Alert>(investigate::joined((*story)->whole, *alert)),
      before,
      true);
  // After a restart, what the story knows is learned from its verdict.
  rooms_.groups.heard(investigation, (*story)->whole, rooms_.investigator.listen(*before));
  rooms_.groups.durable(investigation, before->version);
  if (!rooms_.groups.is_news(investigation, *alert)) return pass(std::move(work), std::move(ended));
  auto& investigator = rooms_.investigator;
  if (auto verdict = investigator.investigate_now(*work->whole, investigation, before.get())) {
    auto alone = investigator.investigate_now(*alert, investigation);
    if (alone && investigate::is_worse(*alone, *verdict)) {
      // No model is asked: it would see the milder whole.
      auto worse = investigate::as_version_of(*before, *std::move(alone));
      if (!investigate::rises(*before, worse)) return pass(std::move(work), std::move(ended));
      return conclude(std::move(work), std::move(worse), std::move(ended));
    }
    return weigh(std::move(work), *std::move(verdict), std::move(ended));
  }
  asio::co_spawn(
      asio::make_strand(workers_),
      investigator.investigate(work->whole, deadline_of(*alert), investigation, nullptr, before),
      [this, work, ended = std::move(ended)](const std::exception_ptr& thrown,
                                             Result<model::Verdict> verdict) mutable {
        if (thrown) std::rethrow_exception(thrown);
        if (!verdict) return ended();
        weigh(std::move(work), *std::move(verdict), std::move(ended));
      });
}

void Pipeline::weigh(CasePtr work, model::Verdict verdict, Ended ended) {
  if (!investigate::rises(*work->before, verdict)) return pass(std::move(work), std::move(ended));
  auto* thinking = rooms_.thinking;
  if (!thinking || !thinking->wants(*work->whole))
    return conclude(std::move(work), std::move(verdict), std::move(ended));
  think(std::move(work), std::move(ended));
}

void Pipeline::pass(CasePtr work, Ended ended) {
  rooms_.groups.heard(work->investigation, *work->alert, rooms_.investigator.listen(*work->alert));
  Batch batch;
  rooms_.graph.conclude(batch, *work->alert, work->before->verdict);
  ingest::Intake::close(batch, *work->alert);
  rooms_.store.commit(
      std::move(batch),
      [this, work = std::move(work), ended = std::move(ended)](const Result<>& committed) mutable {
        if (committed) {
          if (told_.joined) told_.joined();
          return ended();
        }
        rooms_.graph.forget(*work->alert);
        later([this, work = std::move(work), ended = std::move(ended)]() mutable {
          pass(std::move(work), std::move(ended));
        });
      });
}

void Pipeline::begin(CasePtr work, Ended ended) {
  asio::post(workers_, [this, work = std::move(work), ended = std::move(ended)]() mutable {
    auto* thinking = rooms_.thinking;
    if (!thinking || !thinking->wants(*work->whole))
      return judge(std::move(work), {}, std::move(ended));
    think(std::move(work), std::move(ended));
  });
}

Deadline Pipeline::deadline_of(const model::Alert& alert) const {
  // The budget runs from arrival.
  const auto spent = rooms_.clock.now() - alert.received_at;
  const auto total = rooms_.investigator.budgets().of(alert.severity).total();
  const auto left = std::max(total - spent, decltype(spent){0});
  return Deadline::in(std::chrono::duration_cast<Deadline::Clock::duration>(left));
}

void Pipeline::judge(CasePtr work, std::string missing, Ended ended) {
  if (auto verdict = rooms_.investigator.investigate_now(
          *work->whole, work->investigation, work->before.get())) {
    if (!missing.empty()) verdict->missing.push_back(std::move(missing));
    conclude(std::move(work), *std::move(verdict), std::move(ended));
    return;
  }
  // Something has to be waited for. What waits side by side shares one strand.
  asio::co_spawn(
      asio::make_strand(workers_),
      rooms_.investigator.investigate(
          work->whole, deadline_of(*work->alert), work->investigation, nullptr, work->before),
      [this, work, missing = std::move(missing), ended = std::move(ended)](
          const std::exception_ptr& thrown, Result<model::Verdict> verdict) mutable {
        if (thrown) std::rethrow_exception(thrown);
        // Cancelled: the engine stops, and takes the alert up again when it starts.
        if (!verdict) return ended();
        if (!missing.empty()) verdict->missing.push_back(std::move(missing));
        conclude(std::move(work), *std::move(verdict), std::move(ended));
      });
}

void Pipeline::think(CasePtr work, Ended ended) {
  const auto over = std::make_shared<Ended>(std::move(ended));
  const auto deadline = deadline_of(*work->alert);
  auto task = [this, work, over, deadline]() -> asio::awaitable<void> {
    // A cancelled one is dropped like one that never began: it is taken up at the next start.
    auto verdict = co_await rooms_.investigator.investigate(
        work->whole, deadline, work->investigation, rooms_.thinking->counsel(), work->before);
    if (!verdict) {
      (*over)();
      co_return;
    }
    asio::post(workers_, [this, work, over, verdict = *std::move(verdict)]() mutable {
      conclude(std::move(work), std::move(verdict), std::move(*over));
    });
  };
  auto without = [this, work, over](const std::string& why) {
    asio::post(workers_,
               [this, work, over, why] { judge(work, "model: " + why, std::move(*over)); });
  };
  rooms_.thinking->submit(
      *work->whole,
      deadline,
      {.task = std::move(task), .without = std::move(without), .dropped = [over] { (*over)(); }});
}

Pipeline::Decided Pipeline::decide(Batch& batch,
                                   model::ActionRequest request,
                                   const std::string& investigation,
                                   std::vector<std::string> evidence,
                                   std::string reverses,
                                   std::string connector) {
  const auto now = rooms_.clock.now();
  const auto product = product_for(request, connector);
  connector = product ? product->name() : std::string_view{};

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
                       .reverses = std::move(reverses)};
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

void Pipeline::count(const model::Decision& decision) {
  decisions_.at(static_cast<std::size_t>(decision.decision))
      .at(static_cast<std::size_t>(decision.reason))
      .add();
}

void Pipeline::count(const model::ModelCall& call) {
  auto& metrics = rooms_.metrics;
  metrics
      .counter("sallyport_model_calls_total",
               "Questions to language models by how they ended",
               {{"model", call.model}, {"role", call.role}, {"outcome", call.outcome}})
      .add();
  const auto tokens = [&](const char* direction, std::int64_t n) {
    metrics
        .counter("sallyport_model_tokens_total",
                 "Tokens to (in) and from (out) language models",
                 {{"model", call.model}, {"direction", direction}})
        .add(static_cast<double>(n));
  };
  tokens("in", call.tokens_in);
  tokens("out", call.tokens_out);
}

Pipeline::Concluded Pipeline::write(Batch& batch,
                                    const model::Alert& alert,
                                    model::Verdict verdict,
                                    const model::Verdict* before) {
  Concluded concluded;
  auto requests = investigate::requests_of(verdict, alert);
  for (std::size_t i = 0; i < verdict.proposals.size(); ++i) {
    auto& proposal = verdict.proposals[i];
    if (const auto* earlier = before ? investigate::same_in(*before, proposal) : nullptr) {
      proposal.target = earlier->target;
      proposal.decision = earlier->decision;
      proposal.action_id = earlier->action_id;
      continue;
    }
    auto decided = decide(
        batch, std::move(requests[i]), verdict.investigation, cited(verdict, proposal), "", "");
    count(decided.decision);
    proposal.decision = decided.decision;
    if (decided.joined) proposal.action_id = decided.joined->text();
    if (!decided.action) continue;
    proposal.action_id = decided.action->id.text();
    if (decided.permit) {
      concluded.permitted.emplace_back(*std::move(decided.action), *std::move(decided.permit));
    } else {
      concluded.held.push_back(*std::move(decided.action));
    }
  }
  if (verdict.model_calls) {
    for (const auto& call : *verdict.model_calls) {
      count(call);
      batch.append(alert.tenant,
                   model::EntryKind::model_call,
                   verdict.investigation,
                   {.kind = "agent", .id = "investigation:" + verdict.investigation},
                   verdict.concluded_at,
                   recorded(call));
    }
  }
  investigate::put_verdict(batch, verdict);
  concluded.verdict = std::move(verdict);
  return concluded;
}

void Pipeline::forget(const Concluded& concluded) {
  for (const auto& [action, permit] : concluded.permitted) rooms_.actions.forget(action);
  for (const auto& action : concluded.held) rooms_.actions.forget(action);
}

void Pipeline::conclude(CasePtr work, model::Verdict verdict, Ended ended) {
  Batch batch;
  if (const auto members = ingest::members_of(rooms_.store, work->investigation, 0))
    verdict.count = std::max<std::uint64_t>(members->count, 1);
  auto concluded = write(batch, *work->whole, std::move(verdict), work->before.get());
  rooms_.graph.conclude(batch, *work->alert, concluded.verdict.verdict);
  ingest::Intake::close(batch, *work->alert);
  if (work->followed)
    ingest::put_version(batch, *work->alert, work->investigation, concluded.verdict.version);
  rooms_.store.commit(
      std::move(batch),
      [this, work = std::move(work), concluded = std::move(concluded), ended = std::move(ended)](
          const Result<>& committed) mutable {
        if (!committed) {
          // The alert is still open in the store: it is investigated again when the disk works
          // again.
          rooms_.log.error("verdict not stored; trying again",
                           {{"investigation", concluded.verdict.investigation},
                            {"why", committed.error().detail}});
          forget(concluded);
          rooms_.graph.forget(*work->alert);
          later([this, work = std::move(work), ended = std::move(ended)]() mutable {
            begin(std::move(work), std::move(ended));
          });
          return;
        }
        stories_.forget(work->investigation);
        learn(*work->whole, concluded.verdict);
        rooms_.groups.durable(work->investigation, concluded.verdict.version);
        if (work->before) reopened_.add();
        asio::post(workers_,
                   [this,
                    alert = work->alert,
                    concluded = std::move(concluded),
                    ended = std::move(ended)]() mutable {
                     finished(*alert, std::move(concluded));
                     ended();
                   });
      });
}

void Pipeline::learn(const model::Alert& alert, const model::Verdict& verdict) {
  rooms_.groups.heard(verdict.investigation, alert, rooms_.investigator.listen(verdict));
}

void Pipeline::finished(const model::Alert& alert, Concluded concluded) {
  const auto taken = rooms_.clock.now() - alert.received_at;
  time_to_verdict_.observe(std::chrono::duration<double>{taken}.count());
  verdicts_.at(static_cast<std::size_t>(concluded.verdict.verdict)).add();
  for (auto& [action, permit] : concluded.permitted) run(std::move(action), std::move(permit));
  told_.verdict(concluded.verdict, taken);
  for (const auto& action : concluded.held)
    if (action.state == model::ActionState::queued) told_.queued(action);
}

void Pipeline::later(std::move_only_function<void()> work) {
  auto timer = std::make_shared<asio::steady_timer>(workers_, std::chrono::seconds{1});
  timer->async_wait([timer, work = std::move(work)](boost::system::error_code error) mutable {
    if (!error) work();
  });
}

void Pipeline::run(model::Action action, gate::Permit permit) {
  ++running_;
  asio::post(loop_, [this, action = std::move(action), permit = std::move(permit)]() mutable {
    // After close() nothing begins any more; the action is durable and taken up at the next start.
    if (!executions_.spawn(run_one(std::move(action), std::move(permit)))) --running_;
  });
}

asio::awaitable<void> Pipeline::run_one(model::Action action, gate::Permit permit) {
  const auto ran = co_await rooms_.executor.run(std::move(action), std::move(permit));
  rest(ran);
  --running_;
}

void Pipeline::rest(const Result<model::Action>& ran) {
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

Task<> Pipeline::resume(model::Action action) {
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
  if (changed->state == queued) told_.queued(*changed);
  co_return Result<>{};
}

asio::awaitable<void> Pipeline::close() {
  return executions_.close();
}

std::shared_ptr<act::Product> Pipeline::product_for(const model::ActionRequest& request,
                                                    const std::string& connector) const {
  const auto& products = rooms_.executor.products();
  if (connector.empty()) return products.for_verb(request.action);
  auto named = products.named(connector);
  return named && named->runs(request.action) ? named : nullptr;
}

Task<model::Action> Pipeline::propose(model::ActionRequest request, Reversal reversal) {
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
  auto decided = decide(
      batch, std::move(request), "", {}, std::move(reversal.action), std::move(reversal.connector));
  count(decided.decision);
  if (!decided.action) co_return fail(Errc::conflict, "one like it was proposed at this moment");
  const auto committed = co_await rooms_.store.commit(std::move(batch));
  if (!committed) {
    rooms_.actions.forget(*decided.action);
    co_return std::unexpected{committed.error()};
  }
  auto action = *decided.action;
  if (action.state == model::ActionState::queued) told_.queued(action);
  if (decided.permit) run(*std::move(decided.action), *std::move(decided.permit));
  co_return action;
}

Task<model::Action> Pipeline::roll_back(model::Action action, model::Actor by, std::string after) {
  auto request = act::rollback_request(action, by);
  if (!request) co_return std::unexpected{request.error()};
  if (!after.empty()) request->context["after"] = after;
  // Where it was done it is undone, whoever else can run the verb.
  co_return co_await propose(*std::move(request),
                             {.action = action.id.text(), .connector = action.rollback->connector});
}

}  // namespace sallyport::app
