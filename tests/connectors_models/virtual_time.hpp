#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>

namespace sallyport::testing {

/// While it lives, the steady clock of this process stands still but for advance(): deadlines and
/// timers of the real code run in virtual time. One at a time, in a program of one thread.
class VirtualTime {
 public:
  VirtualTime();
  ~VirtualTime();
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  static void advance(std::chrono::nanoseconds by);

  /// Since it began.
  [[nodiscard]] static std::chrono::nanoseconds elapsed();

  /// Runs what is ready in `loop`, then lets `step` pass, until `done` or `limit` has passed.
  static void run(boost::asio::io_context& loop,
                  std::chrono::nanoseconds step,
                  std::chrono::nanoseconds limit,
                  const std::function<bool()>& done);
};

}  // namespace sallyport::testing
