#pragma once

#include "engine/act/actions.hpp"
#include "engine/act/executor.hpp"
#include "engine/app/stories.hpp"
#include "engine/app/thinking.hpp"
#include "engine/approve/approvals.hpp"
#include "engine/approve/outbox.hpp"
#include "engine/base/task_group.hpp"
#include "engine/base/ulid.hpp"
#include "engine/gate/gate.hpp"
#include "engine/graph/entity_graph.hpp"
#include "engine/ingest/groups.hpp"
#include "engine/ingest/intake.hpp"
#include "engine/investigate/investigator.hpp"
#include "engine/observe/log.hpp"
#include "engine/observe/metrics.hpp"
#include "engine/store/store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace sallyport::app {

/// The rooms that an alert walks through; all outlive the pipeline.
struct Rooms {
  store::Store& store;
  graph::EntityGraph& graph;
  ingest::Intake& intake;
  ingest::Groups& groups;
  investigate::Investigator& investigator;
  gate::Gate& gate;
  act::Actions& actions;
  act::Executor& executor;
  approve::Approvals& approvals;
  const approve::Outbox& outbox;
  const Clock& clock;
  UlidSource& ids;
  observe::Metrics& metrics;
  observe::Log log;
  Thinking* thinking = nullptr;  ///< Where language models are asked; nullptr: none are.
};

/// Walks alerts through the rooms: received, investigated, decided, and what is permitted handed to
/// the executor.
///
/// Promise: an alert that was received has exactly one investigation, restarts included, its own or
/// one that it joined; a verdict, its decisions and the actions that follow become durable in one
/// batch, and in that of the alert itself where nothing has to be waited for. What was decided for
/// an investigation is not decided again for a later version of its verdict. Thread-safe; parsing
/// and reasoning run on `workers`, the executor is called on `loop` only.
class Pipeline {
 public:
  /// Told when an investigation is durable, when an action waits for a person (both on a worker or
  /// the loop), and when one came to rest (on the loop). Must not block.
  struct Told {
    std::function<void(const model::Verdict& verdict, std::chrono::microseconds since_arrival)>
        verdict;
    std::function<void(const model::Action& action)> queued;
    std::function<void(const model::Action& action)> action;
    std::function<void()> joined{};  ///< An alert is durable in another one's investigation.
  };

  Pipeline(Rooms rooms, asio::any_io_executor workers, asio::any_io_executor loop, Told told);

  /// Takes the bytes of one alert. `received` is called when it is durable or refused; `ended` when
  /// nothing about it is left to be done (its verdict is durable, or it was refused or known): a
  /// Kafka offset may pass it then.
  void submit(ingest::RawAlert raw,
              ingest::Intake::Done received,
              std::move_only_function<void()> ended);

  /// Takes up an alert that a former run did not come to look at.
  void take_up(ingest::OpenAlert open);

  /// Calls `work` on a worker when the store has had a moment to recover.
  void later(std::move_only_function<void()> work);

  /// Tells the listeners of an action that people ended: denied, or not answered in time.
  void ended(const model::Action& action) const { told_.action(action); }

  /// Runs a permitted action on the loop.
  void run(model::Action action, gate::Permit permit);

  /// After a restart: takes up an action that was not over. On the loop.
  Task<> resume(model::Action action);

  /// Cancels what is still running. On the loop; once.
  asio::awaitable<void> close();

  /// Undoes an action on behalf of `by`: the rollback is an action of its own and passes the gate.
  /// Returns it as it was decided. Errors: those of act::rollback_request and of the store;
  /// conflict when one like it is under way.
  /// `after`: the rollback on the same target that has to have worked before, if any.
  Task<model::Action> roll_back(model::Action action, model::Actor by, std::string after = {});

  /// Of an action that undoes another: which, and where that was done.
  struct Reversal {
    std::string action;
    std::string connector;
  };

  /// A person's or another system's own action: the same gate. Errors: invalid_input (unknown verb
  /// or wrong target kind), conflict (no connector runs it, or one like it is open), and
  /// those of the store.
  Task<model::Action> propose(model::ActionRequest request, Reversal reversal = {});

  /// Alerts submitted and not ended.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

  [[nodiscard]] observe::Metrics& metrics() noexcept { return rooms_.metrics; }

  /// Actions that are being run.
  [[nodiscard]] std::size_t running() const noexcept { return running_; }

 private:
  struct Case;
  struct Decided;
  struct Concluded;

  using CasePtr = std::shared_ptr<const Case>;
  using Ended = std::move_only_function<void()>;

  /// Looks at an alert when its investigation has a turn for it.
  void follow(std::shared_ptr<const model::Alert> alert, std::string investigation, Ended ended);
  /// In its turn: the first verdict, a new version of it, or nothing that would change it.
  void look(const std::shared_ptr<const model::Alert>& alert,
            const std::string& investigation,
            Ended ended);
  /// Goes on with what a story and a later alert come to.
  void weigh(CasePtr work, model::Verdict verdict, Ended ended);
  /// The alert says nothing that changes the verdict.
  void pass(CasePtr work, Ended ended);
  /// The end of a turn: who waits for the investigation is next.
  [[nodiscard]] Ended turn_of(std::string investigation, Ended ended);

  void begin(CasePtr work, Ended ended);
  /// Investigates with language models.
  void think(CasePtr work, Ended ended);
  /// Investigates without; `missing`: why no model was asked, where one should have been.
  void judge(CasePtr work, std::string missing, Ended ended);
  [[nodiscard]] Deadline deadline_of(const model::Alert& alert) const;
  void count(const model::ModelCall& call);
  void conclude(CasePtr work, model::Verdict verdict, Ended ended);
  /// Asks the gate about one request and writes what follows into `batch`.
  Decided decide(store::Batch& batch,
                 model::ActionRequest request,
                 const std::string& investigation,
                 std::vector<std::string> evidence,
                 std::string reverses,
                 std::string connector);
  /// The one called `connector`, where that is named; else the first that runs the verb. nullptr:
  /// there is none.
  [[nodiscard]] std::shared_ptr<act::Product> product_for(const model::ActionRequest& request,
                                                          const std::string& connector) const;
  /// Writes the verdict, and what the gate says of its proposals, into `batch`; what it said of
  /// the same for the version before stands.
  Concluded write(store::Batch& batch,
                  const model::Alert& alert,
                  model::Verdict verdict,
                  const model::Verdict* before);
  /// The batch was not committed.
  void forget(const Concluded& concluded);
  /// What follows when it was.
  void finished(const model::Alert& alert, Concluded concluded);
  /// The investigation has heard what its alerts say: the same again is no news.
  void learn(const model::Alert& alert, const model::Verdict& verdict);
  asio::awaitable<void> run_one(model::Action action, gate::Permit permit);
  void rest(const Result<model::Action>& ran);
  void count(const model::Decision& decision);

  Rooms rooms_;
  Stories stories_;
  asio::any_io_executor workers_;
  asio::any_io_executor loop_;
  Told told_;
  TaskGroup executions_;
  std::atomic<std::size_t> in_flight_ = 0;
  std::atomic<std::size_t> running_ = 0;
  observe::Metrics::Histogram time_to_verdict_;
  std::vector<observe::Metrics::Counter> admitted_;  ///< By ingest::Admission, then the refused.
  std::vector<observe::Metrics::Counter> parts_;     ///< By ingest::Part.
  observe::Metrics::Counter reopened_;
  std::vector<observe::Metrics::Counter> verdicts_;                ///< By model::Judgement.
  std::vector<std::vector<observe::Metrics::Counter>> decisions_;  ///< By Ruling, Reason.
};

}  // namespace sallyport::app
