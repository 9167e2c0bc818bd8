#pragma once

#include "engine/app/rooms.hpp"
#include "engine/base/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::app {

/// Walks actions through the rooms, whoever proposes them: the gate is asked, what it says is
/// written, what it permits is handed to the executor, and what came of it is told.
///
/// Promise: nothing reaches the executor that the gate did not permit, and that is not durable; of
/// two that are alike one is open at a time; what the gate said is in the ledger whether or not
/// something follows. Thread-safe; the executor is called on `loop` only.
class Dispatcher {
 public:
  /// Told when an action waits for a person (on a worker or the loop), and when one came to rest
  /// (on the loop). Must not block.
  struct Told {
    std::function<void(const model::Action& action)> queued;
    std::function<void(const model::Action& action)> action;
  };

  /// Of an action that undoes another: which, and where that was done.
  struct Reversal {
    std::string action;
    std::string connector;
  };

  /// What became of a request.
  struct Decided {
    model::Decision decision;
    std::optional<model::Action> action;  ///< New.
    std::optional<ActionId> joined;       ///< One like it is open already.
    std::optional<gate::Permit> permit{};
    std::optional<Error>
        refused{};  ///< What no product may be asked to do, whatever the gate says.
  };

  Dispatcher(Rooms rooms, asio::any_io_executor loop, Told told);

  /// Asks the gate about one request and writes what follows into `batch`. Of a batch that is not
  /// committed, act::Actions has to forget the action.
  Decided decide(store::Batch& batch,
                 model::ActionRequest request,
                 const std::string& investigation,
                 std::vector<std::string> evidence,
                 Reversal reversal = {});

  /// A person's or another system's own action: the same gate. Errors: invalid_input (unknown verb
  /// or wrong target kind), denied (what no product may be asked to do), conflict (no connector
  /// runs it, or one like it is open), and those of the store.
  Task<model::Action> propose(model::ActionRequest request, Reversal reversal = {});

  /// Undoes an action on behalf of `by`: the rollback is an action of its own and passes the gate.
  /// Returns it as it was decided. Errors: those of act::rollback_request and of the store;
  /// conflict when one like it is under way.
  /// `after`: the rollback on the same target that has to have worked before, if any.
  Task<model::Action> roll_back(model::Action action, model::Actor by, std::string after = {});

  /// Runs a permitted action on the loop.
  void run(model::Action action, gate::Permit permit);

  /// After a restart: takes up an action that was not over. On the loop.
  Task<> resume(model::Action action);

  /// Tells the listeners of a durable action that waits for a person, if it does.
  void held(const model::Action& action) const;

  /// Tells the listeners of an action that came to rest elsewhere: denied, not answered in time,
  /// over, or no more what it was.
  void ended(const model::Action& action) const { told_.action(action); }

  /// Cancels what is still running. On the loop; once.
  asio::awaitable<void> close();

  /// Actions that are being run.
  [[nodiscard]] std::size_t running() const noexcept { return running_; }

 private:
  Decided ask_gate(store::Batch& batch,
                   model::ActionRequest request,
                   const std::string& investigation,
                   std::vector<std::string> evidence,
                   Reversal reversal);
  /// The one called `connector`, where that is named; else the first that runs the verb. nullptr:
  /// there is none.
  [[nodiscard]] std::shared_ptr<act::Product> product_for(const model::ActionRequest& request,
                                                          const std::string& connector) const;
  asio::awaitable<void> run_one(model::Action action, gate::Permit permit);
  void rest(const Result<model::Action>& ran);
  void count(const model::Decision& decision);

  Rooms rooms_;
  asio::any_io_executor loop_;
  Told told_;
  TaskGroup executions_;
  std::atomic<std::size_t> running_ = 0;
  std::vector<std::vector<observe::Metrics::Counter>> decisions_;  ///< By Ruling, Reason.
};

}  // namespace sallyport::app
