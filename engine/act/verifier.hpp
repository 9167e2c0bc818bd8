#pragma once

#include "engine/act/actions.hpp"
#include "engine/act/notice.hpp"
#include "engine/act/products.hpp"
#include "engine/act/watch.hpp"
#include "engine/base/deadline.hpp"

#include <chrono>
#include <optional>

namespace sallyport::act {

/// Reads back what products hold and brings the records into agreement with it: after an action,
/// after a crash, when a timed one should have ended, and long afterwards.
///
/// The caller holds the lock of the action's target. Not thread-safe; what it is given must outlive
/// it.
class Verifier {
 public:
  struct Options {
    std::chrono::milliseconds verify_for{30'000};  ///< How long the state may take to show.
    WatchRule watch;
  };

  Verifier(Actions& actions, const Clock& clock, Options options, Tell tell);

  /// Settles one that is `succeeded` or `unknown`. An `unknown` one whose state cannot be told
  /// stays so and is looked at again. Errors: as Executor::run().
  Task<model::Action> verify(model::Action action, Product& product, Operation operation);

  /// One that may have been sent when the engine ended. Errors: as verify().
  Task<model::Action> reconcile(model::Action action, Product& product, Operation operation);

  /// Errors: as Executor::release().
  Task<model::Action> release(model::Action action, Product& product, Operation operation);

  /// Looks once at what was verified or is not settled, records what turned out to be otherwise,
  /// and when to look next. Returns the action if it changed. Errors: as verify().
  Task<std::optional<model::Action>> look_again(model::Action action,
                                                Product& product,
                                                Operation operation);

 private:
  Task<model::Action> settle_unknown(model::Action action, const model::Verification& seen);
  Task<model::Action> stay_unknown(model::Action action, const model::Verification& seen);
  Task<model::Action> confirm(model::Action action, const model::Verification& seen);
  Task<model::Action> doubt(model::Action action, const model::Verification& seen);
  /// Puts the next look at `action`, as it will be, into `change`.
  void look_later(Change& change, const model::Action& action) const;

  Actions& actions_;
  const Clock& clock_;
  Options options_;
  Tell tell_;
};

}  // namespace sallyport::act
