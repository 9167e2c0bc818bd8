#include "engine/audit/reviews.hpp"

#include <gtest/gtest.h>

namespace sallyport::audit {
namespace {

Time day(std::string_view date) {
  return parse_rfc3339(date).value();
}

const Time first = day("2026-09-10");
const Time now = day("2026-11-20");

TEST(Reviews, WhatNobodyReadIsNotReviewed) {
  EXPECT_EQ(not_reviewed("acme", {}, first, now),
            "gate log reviewed: nobody has (sallyport audit review --tenant acme --from "
            "2026-09-10T00:00:00Z --to TIME --note TEXT)");
  // However young it is.
  EXPECT_NE(not_reviewed("acme", {}, now - std::chrono::hours{1}, now), "");
}

TEST(Reviews, WindowsInAnyOrderThatLeaveNoGapCount) {
  const Window september{.from = day("2026-09-01"), .to = day("2026-10-01")};
  const Window october{.from = day("2026-10-01"), .to = day("2026-11-01")};
  EXPECT_EQ(not_reviewed("acme", {october, september}, first, now), "");
  EXPECT_EQ(not_reviewed("acme", {october}, day("2026-10-02"), now), "");
}

TEST(Reviews, AGapIsNamedByItsBegin) {
  const Window september{.from = day("2026-09-01"), .to = day("2026-10-01")};
  const Window later{.from = day("2026-10-02"), .to = day("2026-11-15")};
  EXPECT_TRUE(
      not_reviewed("acme", {september, later}, first, now).contains("up to 2026-10-01T00:00:00Z"));
  // What began after the first decision does not cover it.
  EXPECT_TRUE(not_reviewed("acme", {later}, first, now).contains("nobody has"));
}

TEST(Reviews, AWordOfLongAgoDoesNotCountForever) {
  const Window all{.from = day("2026-09-01"), .to = day("2026-11-01")};
  EXPECT_EQ(not_reviewed("acme", {all}, first, all.to + review_patience), "");
  EXPECT_NE(not_reviewed("acme", {all}, first, all.to + review_patience + std::chrono::seconds{1}),
            "");
}

TEST(Reviews, AGlanceAtTheFirstDecisionIsNoReviewOfTheRest) {
  const auto lately = now - std::chrono::days{20};
  const auto begin = lately - std::chrono::days{1};
  EXPECT_NE(
      not_reviewed("acme", {{.from = begin, .to = lately + std::chrono::seconds{1}}}, lately, now),
      "");
  EXPECT_EQ(
      not_reviewed("acme", {{.from = begin, .to = lately + std::chrono::days{10}}}, lately, now),
      "");
}

}  // namespace
}  // namespace sallyport::audit
