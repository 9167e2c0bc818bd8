#include "engine/base/ulid.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sallyport {

TEST(Ulid, SortsByTimeAndOrderOfMaking) {
  UlidSource source{1};
  const auto at = parse_rfc3339("2026-11-01T10:00:00Z").value();
  auto before = source.next(at);
  std::set<std::string> seen{before};
  for (int i = 0; i < 5000; ++i) {
    auto next = source.next(at + std::chrono::milliseconds{i / 100});
    EXPECT_LT(before, next);
    EXPECT_TRUE(seen.insert(next).second);
    before = std::move(next);
  }
}

TEST(Ulid, StaysAscendingWhenTheClockStepsBack) {
  UlidSource source{1};
  const auto at = parse_rfc3339("2026-11-01T10:00:00Z").value();
  const auto first = source.next(at);
  EXPECT_LT(first, source.next(at - std::chrono::hours{1}));
}

TEST(Ulid, EncodesTheTimeAsTheSpecificationDoes) {
  UlidSource source{1};
  EXPECT_EQ(source.next(Time{std::chrono::milliseconds{1469918176385}}).substr(0, 10),
            "01ARYZ6S41");
}

}  // namespace sallyport
