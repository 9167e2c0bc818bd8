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
