#include "engine/base/cut.hpp"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Cut, NeverSplitsACharacter) {
  EXPECT_EQ(cut("abc", 5), "abc");
  EXPECT_EQ(cut("abc", 2), "ab");
  EXPECT_EQ(cut("a\u20ACb", 3), "a");  // the euro sign has three bytes
  EXPECT_EQ(cut("a\u20ACb", 4), "a\u20AC");
  EXPECT_EQ(cut("\u20AC", 1), "");
}

}  // namespace
}  // namespace sallyport
