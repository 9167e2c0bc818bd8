#include "tests/connectors_models/virtual_time.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>

namespace {

std::atomic<bool> is_virtual = false;
std::atomic<std::int64_t> now_ns = 0;
std::int64_t began_ns = 0;

}  // namespace

// The C library's functions, as this program sees them: the steady clock asks the first; without
// the second Asio's timers are checked each time the loop is polled.
extern "C" {

int clock_gettime(clockid_t clock, timespec* into) {
  if (clock == CLOCK_MONOTONIC && is_virtual) {
    into->tv_sec = now_ns / 1'000'000'000;
    into->tv_nsec = now_ns % 1'000'000'000;
    return 0;
  }
  return static_cast<int>(::syscall(SYS_clock_gettime, clock, into));
}

int timerfd_create(int /*clock*/, int /*flags*/) {
  errno = ENOSYS;
  return -1;
}
}

namespace sallyport::testing {

VirtualTime::VirtualTime() {
  timespec real{};
  (void)::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &real);
  began_ns = real.tv_sec * 1'000'000'000 + real.tv_nsec;
  now_ns = began_ns;
  is_virtual = true;
}

VirtualTime::~VirtualTime() {
  is_virtual = false;
}

void VirtualTime::advance(std::chrono::nanoseconds by) {
  now_ns += by.count();
}

std::chrono::nanoseconds VirtualTime::elapsed() {
  return std::chrono::nanoseconds{now_ns - began_ns};
}

void VirtualTime::run(boost::asio::io_context& loop,
                      std::chrono::nanoseconds step,
                      std::chrono::nanoseconds limit,
                      const std::function<bool()>& done) {
  const auto until = elapsed() + limit;
  for (;;) {
    loop.restart();
    while (loop.poll() > 0) loop.restart();
    if (done() || elapsed() >= until) return;
    advance(step);
  }
}

}  // namespace sallyport::testing
