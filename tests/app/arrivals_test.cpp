#include "engine/app/arrivals.hpp"

#include <gtest/gtest.h>

namespace sallyport::app {
namespace {

using namespace std::chrono_literals;
using Moment = Arrivals::Clock::time_point;

constexpr Moment start{1h};

/// So many alerts, `apart` from one another; the time of the last.
Moment come(Arrivals& arrivals, std::size_t count, std::chrono::microseconds apart, Moment from) {
  for (std::size_t n = 0; n < count; ++n) arrivals.note(from + n * apart);
  return from + (count - 1) * apart;
}

TEST(Arrivals, AThrongIsSoManyInSoShortATime) {
  Arrivals arrivals;
  EXPECT_FALSE(arrivals.in_throng(start)) << "nobody has come";
  auto last = come(arrivals, Arrivals::throng - 1, 0us, start);
  EXPECT_FALSE(arrivals.in_throng(last)) << "one too few";
  last = come(arrivals, 1, 0us, start + 49ms);
  EXPECT_TRUE(arrivals.in_throng(last));
  EXPECT_FALSE(arrivals.in_throng(last + 1ms)) << "the first came 50 ms ago";
}

TEST(Arrivals, AStreamIsAThrongWhileItIsFastEnough) {
  Arrivals arrivals;
  auto last = come(arrivals, 1'000, 700us, start);
  EXPECT_TRUE(arrivals.in_throng(last));
  last = come(arrivals, 1'000, 1ms, last + 1ms);
  EXPECT_FALSE(arrivals.in_throng(last));
  last = come(arrivals, 1'000, 400us, last + 1ms);
  EXPECT_TRUE(arrivals.in_throng(last));
}

}  // namespace
}  // namespace sallyport::app
