#include "engine/match/pattern_set.hpp"

#include <gtest/gtest.h>

namespace sallyport::match {
namespace {

TEST(PatternSet, TellsOfEachPatternWhetherItIsThere) {
  const auto set = PatternSet::compile({"(?i)nmap", "b+c$", "^never", ""});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->in("an NMAP scan, abbc"), (std::vector<bool>{true, true, false, true}));
  EXPECT_EQ(set->in(""), (std::vector<bool>{false, false, false, true}));
}

TEST(PatternSet, OfNoneFindsNone) {
  const auto set = PatternSet::compile({});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->in("text"), std::vector<bool>{});
}

TEST(PatternSet, OneThatDoesNotCompileIsRefused) {
  EXPECT_FALSE(PatternSet::compile({"a", "(?=b)"}));
}

}  // namespace
}  // namespace sallyport::match
