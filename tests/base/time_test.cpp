#include "engine/base/time.hpp"

#include <gtest/gtest.h>

namespace sallyport {

namespace {

std::string again(std::string_view text) {
  const auto time = parse_rfc3339(text);
  return time ? to_rfc3339(*time) : "refused";
}

}  // namespace

TEST(Rfc3339, ReadsTheFormsThatProductsWrite) {
  EXPECT_EQ(again("2026-11-01T10:00:00Z"), "2026-11-01T10:00:00Z");
  EXPECT_EQ(again("2026-11-01T10:00:00.5Z"), "2026-11-01T10:00:00.500000Z");
  EXPECT_EQ(again("2026-11-01 10:00:00+02:00"), "2026-11-01T08:00:00Z");
  EXPECT_EQ(again("2026-11-01T10:00:00.123456789-0530"), "2026-11-01T15:30:00.123456Z");
  EXPECT_EQ(again("2026-11-01"), "2026-11-01T00:00:00Z");
}

TEST(Rfc3339, WritesWhatItReads) {
  for (const std::string text : {"0000-01-01T00:00:00Z",
                                 "0009-12-31T23:59:59.000001Z",
                                 "1969-12-31T23:59:59.999999Z",
                                 "2024-02-29T01:02:03.400000Z",
                                 "9999-12-31T23:59:59.999999Z"})
    EXPECT_EQ(to_rfc3339(parse_rfc3339(text).value()), text);
}

TEST(Rfc3339, WritesTheNearestYearThatItCan) {
  EXPECT_EQ(to_rfc3339(Time::min()), "0000-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(Time::max()), "9999-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, RefusesWhatIsNotATime) {
  for (const auto* text : {"",
                           "now",
                           "2026-13-01",
                           "2026-02-30",
                           "2026-11-01T25:00:00Z",
                           "2026-11-01T10:00:00",
                           "2026-11-01T10:00:00Zx",
                           "2026-11-01T10:00:00.Z"})
    EXPECT_EQ(again(text), "refused") << text;
}

}  // namespace sallyport
