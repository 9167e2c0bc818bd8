#include "engine/app/pipeline.hpp"

#include "engine/app/enumerator_names.hpp"
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

namespace sallyport::app {

namespace {

using store::Batch;
using store::Table;

/// A call as the ledger keeps it: a cost that nobody knows is not 0.
std::string recorded(const model::ModelCall& call) {
  auto body = to_json_value(call).as_object();
  if (!call.usd) body["price"] = "not measured";
  return to_json(body);
}

/// Where the refused stand among what became of alerts at the door: after every Admission.
constexpr std::size_t refused_at_door = 3;

/// With so many that wait for a core, the few milliseconds of a commit are nothing beside it.
constexpr std::size_t crowd = 64;

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
  bool grouped = true;    ///< Others may have joined it.
};

/// An investigation that its first alert opened.
struct Pipeline::Opened {
  std::string investigation;
  ReadingPtr reading;  ///< nullptr: it is concluded already.
};

/// A verdict and the actions it led to, in a batch.
struct Pipeline::Concluded {
  model::Verdict verdict;
  std::vector<std::pair<model::Action, gate::Permit>> permitted;
  std::vector<model::Action> held;  ///< Queued or blocked.
};

Pipeline::Pipeline(Rooms rooms, Dispatcher& dispatcher, asio::any_io_executor workers, Told told)
    : rooms_{std::move(rooms)},
      dispatcher_{dispatcher},
      stories_{rooms_.store},
      workers_{std::move(workers)},
      told_{std::move(told)},
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
}

bool Pipeline::crowded() const {
  const auto in_flight = in_flight_.load();
  if (in_flight <= crowd) return false;
  if (arrivals_.in_throng(Arrivals::Clock::now())) return true;
  const auto* thinking = rooms_.thinking;
  return !thinking || in_flight > crowd + thinking->under_way() + thinking->waiting();
}

void Pipeline::submit(ingest::RawAlert raw,
                      ingest::Intake::Done received,
                      std::move_only_function<void()> ended) {
  ++in_flight_;
  arrivals_.note(Arrivals::Clock::now());
  auto finish = [this, ended = std::move(ended)]() mutable {
    --in_flight_;
    ended();
  };
  auto asked = std::make_shared<Asked>(std::move(received), std::move(finish));
  auto work = [this, raw = std::move(raw), asked = std::move(asked)]() mutable {
    raw.crowded = crowded();
    auto concluded = std::make_shared<std::optional<Concluded>>();
    auto opened = std::make_shared<Opened>();
    auto judge = [this, concluded, opened](
                     Batch& batch,
                     const model::Alert& alert,
                     const std::string& investigation) -> std::optional<model::Judgement> {
      opened->investigation = investigation;
      auto* thinking = rooms_.thinking;
      std::string refused;
      const bool wanted = thinking && thinking->wants(alert);
      if (wanted) refused = thinking->would_refuse(alert, deadline_of(alert));
      std::optional<model::Verdict> verdict;
      if (!wanted || !refused.empty())
        verdict = rooms_.investigator.investigate_now(alert, investigation);
      if (!verdict) {
        opened->reading = rooms_.investigator.read(alert);
        rooms_.groups.heard(investigation, alert, rooms_.investigator.listen(*opened->reading));
        return std::nullopt;
      }
      if (!refused.empty()) verdict->missing.push_back("model: " + refused);
      *concluded = write(batch, alert, *std::move(verdict), nullptr);
      learn(alert, (*concluded)->verdict);
      return (*concluded)->verdict.verdict;
    };
    auto done = [this, concluded, opened, asked](Result<ingest::Receipt> receipt) mutable {
      const bool accepted = receipt && receipt->admission == ingest::Admission::accepted;
      auto alert = accepted ? receipt->alert : nullptr;
      auto placement = accepted ? std::move(receipt->placement) : ingest::Placement{};
      const auto became = receipt ? static_cast<std::size_t>(receipt->admission) : refused_at_door;
      admitted_.at(became).add();
      if (!receipt && *concluded) forget(**concluded);
      // Those who followed find no verdict: the first of them is investigated in its place.
      if (!receipt && !opened->investigation.empty()) turn_of(opened->investigation, [] {})();
      asked->received(std::move(receipt));
      if (!alert) return asked->finish();
      parts_.at(static_cast<std::size_t>(placement.part)).add();
      if (placement.part == ingest::Part::joins) {
        if (told_.joined) told_.joined();
        return asked->finish();
      }
      if (placement.part == ingest::Part::follows)
        return follow(
            std::move(alert), std::move(placement.investigation), std::move(asked->finish));
      rooms_.groups.durable(placement.investigation, 1);
      auto ended = turn_of(placement.investigation, std::move(asked->finish));
      if (!*concluded) {
        auto work = std::make_shared<const Case>(
            alert, placement.investigation, alert, nullptr, false, placement.grouped());
        return begin(std::move(work), std::move(opened->reading), std::move(ended));
      }
      // The commit thread serves everybody: what follows is a worker's business.
      asio::post(workers_, [this, alert, concluded, ended = std::move(ended)]() mutable {
        finished(*alert, std::move(**concluded));
        ended();
      });
    };
    auto apart = [this, asked](std::vector<ingest::RawAlert> alerts) {
      submit_each(std::move(alerts), std::move(*asked));
    };
    rooms_.intake.admit(std::move(raw), std::move(judge), std::move(done), std::move(apart));
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
                 nullptr,
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
      auto worse =
          investigate::as_version_of(*before, *std::move(alone), *work->whole, *work->alert);
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
  think(std::move(work), nullptr, std::move(ended));
}

void Pipeline::pass(CasePtr work, Ended ended) {
  rooms_.groups.heard(work->investigation, *work->alert, rooms_.investigator.listen(*work->alert));
  Batch batch;
  if (crowded()) batch.wait_for_company();
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

void Pipeline::begin(CasePtr work, ReadingPtr reading, Ended ended) {
  asio::post(workers_,
             [this,
              work = std::move(work),
              reading = std::move(reading),
              ended = std::move(ended)]() mutable {
               auto* thinking = rooms_.thinking;
               if (!thinking || !thinking->wants(*work->whole))
                 return judge(std::move(work), {}, std::move(ended));
               think(std::move(work), std::move(reading), std::move(ended));
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

void Pipeline::think(CasePtr work, ReadingPtr reading, Ended ended) {
  const auto over = std::make_shared<Ended>(std::move(ended));
  const auto deadline = deadline_of(*work->alert);
  auto task = [this, work, over, deadline, reading = std::move(reading)]() mutable
      -> asio::awaitable<void> {
    // A cancelled one is dropped like one that never began: it is taken up at the next start.
    auto verdict = co_await rooms_.investigator.investigate(work->whole,
                                                            deadline,
                                                            work->investigation,
                                                            rooms_.thinking->counsel(),
                                                            work->before,
                                                            nullptr,
                                                            std::move(reading));
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
    auto decided = dispatcher_.decide(
        batch, std::move(requests[i]), verdict.investigation, cited(verdict, proposal));
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
  if (crowded()) batch.wait_for_company();
  if (work->grouped)
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
            begin(std::move(work), nullptr, std::move(ended));
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
  for (auto& [action, permit] : concluded.permitted)
    dispatcher_.run(std::move(action), std::move(permit));
  told_.verdict(concluded.verdict, taken);
  for (const auto& action : concluded.held) dispatcher_.held(action);
}

void Pipeline::later(std::move_only_function<void()> work) {
  auto timer = std::make_shared<asio::steady_timer>(workers_, std::chrono::seconds{1});
  timer->async_wait([timer, work = std::move(work)](boost::system::error_code error) mutable {
    if (!error) work();
  });
}

}  // namespace sallyport::app
