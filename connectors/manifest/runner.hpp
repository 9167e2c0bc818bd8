#pragma once

#include "connectors/manifest/caller.hpp"
#include "connectors/manifest/plan.hpp"
#include "connectors/manifest/turn.hpp"
#include "engine/base/time.hpp"
#include "engine/model/action.hpp"

#include <memory>
#include <string>

namespace sallyport::connectors::manifest {

/// What an attempt at an operation came to.
struct Attempt {
  Result<model::Outcome> outcome = model::Outcome{};
  /// Somebody else changed the object: look again. Where the outcome is unknown, some of it may
  /// have been done.
  bool again = false;
};

/// Runs the steps of an operation against the product: reads its state, acts, waits for its jobs,
/// and cleans up.
///
/// Not thread-safe: used on one executor that runs one handler at a time. Plans and the runner
/// outlive each call.
class Runner {
 public:
  Runner(std::shared_ptr<const Plan> plan, Caller& caller, const Clock& clock)
      : plan_{std::move(plan)}, caller_{caller}, clock_{clock} {}

  /// Runs the state's steps; the facts with what they saved. Errors: not_found, denied, conflict,
  /// unavailable, expired, cancelled.
  Task<json::value> with_state(const OperationPlan& plan, json::value facts, Deadline deadline);

  /// One attempt at the whole of it.
  Task<Attempt> attempt(const OperationPlan& plan, json::value facts, Deadline deadline);

 private:
  struct Progress;
  struct Waited;

  Task<Attempt> act(const OperationPlan& plan, Progress& progress, Deadline deadline);
  Task<Waited> wait(const WaitPlan& plan, json::value facts, Deadline deadline);
  Task<> clean_up(const OperationPlan& plan,
                  json::value facts,
                  std::string outcome,
                  Deadline deadline);
  void note_the_end(const OperationPlan& plan, const json::value& facts, model::Outcome& outcome);

  std::shared_ptr<const Plan> plan_;
  Caller& caller_;
  const Clock& clock_;
  Turn turn_;
};

/// The values of a state, for a person.
[[nodiscard]] std::string described(const json::object& state);

/// What of the state that the steps of `plan` saved in `facts` is for the record.
[[nodiscard]] json::object recorded_state(const OperationPlan& plan, const json::value& facts);

}  // namespace sallyport::connectors::manifest
