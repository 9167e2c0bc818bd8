#pragma once

#include <boost/describe.hpp>

#include <chrono>
#include <cstdint>

namespace sallyport::act {

/// When a product counts as out of order.
struct BreakerRule {
  unsigned failures = 5;                       ///< In a row, that open it; 0: it never opens.
  std::chrono::milliseconds open_for{30'000};  ///< Then one request tries whether it is back.
};

enum class BreakerState : std::uint8_t {
  closed,     ///< Requests go through.
  open,       ///< None does.
  half_open,  ///< One does, to try.
};

BOOST_DESCRIBE_ENUM(BreakerState, closed, open, half_open)

/// Keeps requests away from a product that does not answer, so that neither waits for the other in
/// vain. The decision alone: it has no clock and waits for nothing.
///
/// Every request asks admit() first; what was admitted ends in exactly one of answered(), failed()
/// and given_up(). Not thread-safe.
class Breaker {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  /// What a request that was admitted is to the breaker.
  enum class Pass : std::uint8_t {
    refused,
    ordinary,
    trial,  ///< How this one ends decides whether the breaker closes.
  };

  explicit Breaker(BreakerRule rule) : rule_{rule} {}

  [[nodiscard]] Pass admit(Moment now);

  /// The product answered, whatever it said. True: the breaker closed by that.
  bool answered(Pass pass);

  /// It did not. True: the breaker opened by that.
  bool failed(Pass pass, Moment now);

  /// The request was taken back before it showed anything.
  void given_up(Pass pass, Moment now);

  [[nodiscard]] BreakerState state() const noexcept { return state_; }

  /// Failures since the last answer.
  [[nodiscard]] unsigned failures() const noexcept { return failures_; }

  /// While it is open: when the next request is admitted.
  [[nodiscard]] Moment next_trial() const noexcept { return next_trial_; }

 private:
  BreakerRule rule_;
  BreakerState state_ = BreakerState::closed;
  unsigned failures_ = 0;
  Moment next_trial_;
};

}  // namespace sallyport::act
