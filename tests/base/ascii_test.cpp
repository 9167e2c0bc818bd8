#include "engine/base/ascii.hpp"

#include <gtest/gtest.h>

namespace sallyport::ascii {
namespace {

TEST(Ascii, LettersAreLoweredAndNothingElse) {
  EXPECT_EQ(lowered("AZ az [@` 09"), "az az [@` 09");
  EXPECT_EQ(lowered("\xC3\x84\xD0\xA1"), "\xC3\x84\xD0\xA1") << "bytes of other letters stay";
  EXPECT_TRUE(equal_ignoring_case("X-Amz-Date", "x-amz-DATE"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("[", "{")) << "they differ by the bit that letters differ by";
}

TEST(Ascii, LettersAndDigitsAreThoseOfAscii) {
  for (const char c : std::string_view{"azAZ"}) EXPECT_TRUE(is_letter(c)) << c;
  for (const char c : std::string_view{"@[`{09\xC3"}) EXPECT_FALSE(is_letter(c)) << c;
  for (const char c : std::string_view{"azAZ09"}) EXPECT_TRUE(is_letter_or_digit(c)) << c;
  for (const char c : std::string_view{"@[`{/:\xC3"}) EXPECT_FALSE(is_letter_or_digit(c)) << c;
}

TEST(Ascii, BlanksAreTakenFromBothEnds) {
  EXPECT_EQ(trimmed(" \t\r\n a b \n"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \r\n"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Ascii, ControlCharactersAreFound) {
  EXPECT_TRUE(has_control("a\nb"));
  EXPECT_TRUE(has_control("a\x7F"));
  EXPECT_TRUE(has_control(std::string_view{"\0", 1}));
  EXPECT_FALSE(has_control("a b\xC3\xA4"));
}

}  // namespace
}  // namespace sallyport::ascii
