#pragma once

#include "engine/base/deadline.hpp"

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <set>

namespace sallyport::connectors::manifest {

/// Lets one at a time go on: for what is looked at, changed and put in force in several requests.
///
/// Not thread-safe: used on one executor that runs one handler at a time. Outlives what it gives.
class Turn {
 public:
  struct Pass {
    void operator()(Turn* turn) const noexcept { turn->pass(); }
  };

  /// Ends the turn when it goes.
  using Held = std::unique_ptr<Turn, Pass>;

  /// Waits until nobody has it. Errors: expired, cancelled.
  Task<Held> take(Deadline deadline);

 private:
  void pass() noexcept;

  bool taken_ = false;
  std::set<asio::steady_timer*> waiting_;
};

}  // namespace sallyport::connectors::manifest
