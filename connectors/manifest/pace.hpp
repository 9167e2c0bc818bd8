#pragma once

#include "connectors/manifest/spec.hpp"
#include "engine/base/deadline.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::connectors::manifest {

/// What is wrong with limits, of a manifest or of the operator's; empty: nothing.
[[nodiscard]] std::string fault_of(const LimitSpec& limit);
[[nodiscard]] std::string fault_of_concurrency(std::uint32_t connections);

/// When the next request to a product may go: several limits of so many in so long, and the times
/// that the product itself asked for. Who comes first goes first. Pure; not thread-safe.
class Pace {
 public:
  using Clock = Deadline::Clock;

  explicit Pace(const std::vector<LimitSpec>& limits);

  /// Books the earliest moment from `now` on; empty, with nothing booked, when that is after
  /// `latest`.
  [[nodiscard]] std::optional<Clock::time_point> book(Clock::time_point now,
                                                      Clock::time_point latest);

  /// The product asked to be left alone until then.
  void hold_until(Clock::time_point until);

  [[nodiscard]] Clock::time_point held_until() const noexcept { return held_until_; }

 private:
  struct Limit {
    Clock::duration interval;   ///< Between two requests at a steady pace.
    Clock::duration tolerance;  ///< By how much a burst may be early.
    Clock::time_point next;     ///< When the next would come at a steady pace.
  };

  std::vector<Limit> limits_;
  Clock::time_point held_until_;
};

}  // namespace sallyport::connectors::manifest
