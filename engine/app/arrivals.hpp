#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>

namespace sallyport::app {

/// Remembers when the last alerts came, to tell whether they come in a throng. Thread-safe; no
/// locks. Alerts that are noted at the same moment may be seen in either order: a few more or less
/// are no matter here.
class Arrivals {
 public:
  using Clock = std::chrono::steady_clock;

  /// So many within `throng_within` are a throng: 1,280 a second.
  static constexpr std::size_t throng = 64;
  static constexpr std::chrono::milliseconds throng_within{50};

  void note(Clock::time_point now) noexcept {
    times_[next_++ % throng].store(now.time_since_epoch(), std::memory_order_relaxed);
  }

  [[nodiscard]] bool in_throng(Clock::time_point now) const noexcept {
    const Clock::duration oldest = times_[next_ % throng].load(std::memory_order_relaxed);
    return now.time_since_epoch() - oldest < throng_within && oldest != Clock::duration::zero();
  }

 private:
  std::array<std::atomic<Clock::duration>, throng> times_{};
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace sallyport::app
