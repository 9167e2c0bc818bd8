#pragma once

#include "engine/act/actions.hpp"
#include "engine/act/actuator.hpp"
#include "engine/act/target_locks.hpp"
#include "engine/base/deadline.hpp"
#include "engine/gate/gate.hpp"
#include "engine/store/store.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::act {

struct ExecutorOptions {
  std::chrono::milliseconds request_timeout{
      30'000};                                   ///< Of one read or request, its retries included.
  std::chrono::milliseconds verify_for{30'000};  ///< How long the state may take to show.
  unsigned attempts = 3;  ///< Of a request that failed before anything was sent.
};

/// Carries out what a gate::Permit allows: intent and rollback record durable first, the gate asked
/// once more, then the request, then the state read back. Every step is a change of the record
/// (life.hpp).
///
/// Promises: nothing is sent that the policy of that moment does not allow; two actions on one
/// target never run at once; what was sent and not clearly answered is `unknown` and settled by
/// reading, never by sending again. Not thread-safe: all calls on one executor that runs one
/// handler at a time. What it is given must outlive it.
class Executor {
 public:
  /// Puts the question to a person into `batch`, when the gate holds an action back at the last
  /// moment.
  using Ask = std::function<void(store::Batch& batch, const model::Action& action)>;

  /// Writes into the batch of the intent that a whitelist entry lets the action run which is not
  /// the one that its record named before, and wants somebody to be told. `action` as it will be.
  using Fired = std::function<void(store::Batch& batch, const model::Action& action)>;

  Executor(Actions& actions,
           gate::Gate& gate,
           const Clock& clock,
           std::vector<std::shared_ptr<Actuator>> actuators,
           ExecutorOptions options,
           Ask ask,
           Fired fired);

  /// The product that runs `verb`: the first configured that can; nullptr: none.
  [[nodiscard]] std::shared_ptr<Actuator> actuator_for(std::string_view verb) const;

  /// All that are configured, by name.
  [[nodiscard]] const std::vector<std::shared_ptr<Actuator>>& actuators() const noexcept {
    return actuators_;
  }

  /// Uses `actuator` from now on, in place of one of that name. What is under way ends with the one
  /// that it began with.
  void put(std::shared_ptr<Actuator> actuator);

  /// From now on no action begins with the one of that name.
  void take_away(std::string_view name);

  /// The names of all that are configured, in their order.
  [[nodiscard]] std::vector<std::string> connectors() const;

  /// Runs a `permitted` action to its end: verified, succeeded, failed, unknown; or held back
  /// (queued, blocked). Errors: conflict (somebody else changed it), unavailable (the store),
  /// cancelled. What a product answers is not an error but the action's state.
  Task<model::Action> run(model::Action action, gate::Permit permit);

  /// What the gate has to be asked to undo `action`, on behalf of `by`.
  /// Errors: conflict (not in a state to be undone, or nothing to undo: the detail says why).
  [[nodiscard]] Result<model::ActionRequest> rollback_request(const model::Action& action,
                                                              const model::Actor& by) const;

  /// Whether the product would take what `action` asks of it. Sends nothing. Errors: invalid_input
  /// (what it does not take), not_found (no such connector).
  [[nodiscard]] Result<> check(const model::Action& action) const;

  /// After a restart: settles an action that was under way. One that was sent, or may have been
  /// (executing, unknown, succeeded), by what the product says; one that certainly was not
  /// (intended) is `permitted` again and needs a permit of this moment. Errors: as run().
  Task<model::Action> settle(model::Action action);

  /// A timed action's time has come: sees that the product let go and records it. Errors: as run();
  /// unavailable also while the product still holds it.
  Task<model::Action> release(model::Action action);

 private:
  Task<model::Action> hold_back(model::Action action, gate::Answer answer);
  Task<model::Action> send(model::Action action,
                           Actuator& actuator,
                           Operation operation,
                           gate::Answer answer);
  /// Asks the gate and begins the request without a moment between: what the gate does not permit
  /// any more is not sent, and `answer` says so.
  Task<model::Outcome> ask_and_execute(gate::Answer& answer,
                                       std::string connector,
                                       Actuator& actuator,
                                       Operation operation,
                                       Deadline deadline);
  Task<model::Action> verify(model::Action action, Actuator& actuator, Operation operation);
  Task<model::Action> finish(model::Action action, model::ActionState to, std::string detail);
  /// Tells the action that `action` undoes how that went.
  Task<> tell_reversed(model::Action action, model::ActionState to);
  Task<Reading> read(Actuator& actuator, Operation operation);

  [[nodiscard]] std::shared_ptr<Actuator> by_name(std::string_view name) const;
  [[nodiscard]] Operation operation_of(const model::Action& action) const;

  Actions& actions_;
  gate::Gate& gate_;
  const Clock& clock_;
  std::vector<std::shared_ptr<Actuator>> actuators_;
  ExecutorOptions options_;
  Ask ask_;
  Fired fired_;
  TargetLocks locks_;
};

}  // namespace sallyport::act
