#include "engine/match/condition.hpp"

#include "tests/match/matching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace sallyport::match {
namespace {

using testing::HasSubstr;

/// Search identifiers a, b, c_1, c_2, c_3 and _d, each true when the field of its name is 1.
std::string with_condition(std::string_view condition) {
  return fmt::format(
      R"({{"a": {{"a": 1}}, "b": {{"b": 1}}, "c_1": {{"c_1": 1}}, "c_2": {{"c_2": 1}},
                         "c_3": {{"c_3": 1}}, "_d": {{"_d": 1}}, "condition": {}}})",
      condition);
}

bool holds(std::string_view condition, std::string_view event) {
  return matches(with_condition(fmt::format("\"{}\"", condition)), event);
}

std::string fault_of(std::string_view condition) {
  const auto parsed = parse_condition(condition);
  return parsed ? "none" : parsed.error().detail;
}

TEST(Condition, BindsNotBeforeAndBeforeOr) {
  EXPECT_TRUE(holds("a or b and c_1", R"({"a": 1})"));
  EXPECT_FALSE(holds("(a or b) and c_1", R"({"a": 1})"));
  EXPECT_TRUE(holds("not a and b", R"({"b": 1})"));
  EXPECT_FALSE(holds("not (a or b)", R"({"b": 1})"));
  EXPECT_TRUE(holds("not not a", R"({"a": 1})"));
  EXPECT_TRUE(holds("a AND NOT b OR c_1", R"({"a": 1})"));
}

TEST(Condition, CountsWhatAPatternSelects) {
  EXPECT_TRUE(holds("1 of c_*", R"({"c_2": 1})"));
  EXPECT_TRUE(holds("any of c_*", R"({"c_2": 1})"));
  EXPECT_FALSE(holds("1 of c_*", R"({"a": 1})"));
  EXPECT_FALSE(holds("all of c_*", R"({"c_1": 1, "c_2": 1})"));
  EXPECT_TRUE(holds("all of c_*", R"({"c_1": 1, "c_2": 1, "c_3": 1})"));
  EXPECT_TRUE(holds("2 of c_*", R"({"c_1": 1, "c_3": 1})"));
  EXPECT_FALSE(holds("2 of c_*", R"({"c_1": 1, "a": 1})"));
  EXPECT_TRUE(holds("a and not 1 of c_*", R"({"a": 1})"));
  EXPECT_TRUE(holds("1 of c_?", R"({"c_2": 1})"));
}

TEST(Condition, LeavesUnderscoredIdentifiersOutOfThem) {
  EXPECT_FALSE(holds("1 of them", R"({"_d": 1})"));
  EXPECT_FALSE(holds("1 of *", R"({"_d": 1})"));
  EXPECT_TRUE(holds("_d", R"({"_d": 1})"));
  EXPECT_TRUE(holds("1 of _*", R"({"_d": 1})"));
  EXPECT_TRUE(holds("all of them", R"({"a": 1, "b": 1, "c_1": 1, "c_2": 1, "c_3": 1})"));
}

TEST(Condition, OrsTheConditionsOfAList) {
  EXPECT_TRUE(matches(with_condition(R"(["a and b", "c_1"])"), R"({"c_1": 1})"));
  EXPECT_FALSE(matches(with_condition(R"(["a and b", "c_1"])"), R"({"a": 1})"));
}

TEST(Condition, SaysWhereItIsWrong) {
  EXPECT_THAT(fault_of(""), HasSubstr("empty"));
  EXPECT_THAT(fault_of("a and"), HasSubstr("the condition ends"));
  EXPECT_THAT(fault_of("a b"),
              HasSubstr("character 3: expected 'and', 'or' or the end, found 'b'"));
  EXPECT_THAT(fault_of("(a"), HasSubstr("expected ')'"));
  EXPECT_THAT(fault_of("a)"), HasSubstr("found ')'"));
  EXPECT_THAT(fault_of("0 of them"), HasSubstr("a number from 1 on"));
  EXPECT_THAT(fault_of("some of them"), HasSubstr("found 'some of'"));
  EXPECT_THAT(fault_of("1 of"), HasSubstr("'them' or a pattern"));
  EXPECT_THAT(fault_of("sel*"), HasSubstr("'1 of sel*'"));
  EXPECT_THAT(fault_of("a | count() > 5"), HasSubstr("aggregations"));
  EXPECT_THAT(fault_of(std::string(100, '(') + "a" + std::string(100, ')')), HasSubstr("deeper"));
  std::string nots;
  for (int i = 0; i < 10'000; ++i) nots += "not ";
  EXPECT_THAT(fault_of(nots + "a"), HasSubstr("deeper"));
}

TEST(Condition, RefusesIdentifiersThatAreNotThere) {
  const auto said = [](std::string_view condition) {
    return complaints(fmt::format(R"({{"selection": {{"a": 1}}, "condition": "{}"}})", condition));
  };
  EXPECT_THAT(said("selektion"),
              HasSubstr("/condition: 'selektion' is no search identifier; did "
                        "you mean 'selection'?"));
  EXPECT_THAT(said("xyz"), HasSubstr("known are selection"));
  EXPECT_THAT(said("1 of filter_*"), HasSubstr("no search identifier is meant by 'filter_*'"));
  EXPECT_THAT(said("2 of them"), HasSubstr("can never hold: there are only 1"));
}

TEST(Condition, WarnsOfIdentifiersItDoesNotUse) {
  EXPECT_THAT(complaints(R"({"a": {"x": 1}, "b": {"x": 2}, "_c": {"x": 3}, "condition": "a"})"),
              testing::Eq("warning /b: the condition does not use this search identifier"));
}

TEST(Condition, RefusesWhatIsNoText) {
  EXPECT_THAT(complaints(R"({"a": {"x": 1}, "condition": 5})"), HasSubstr("a condition is text"));
  EXPECT_THAT(complaints(R"({"a": {"x": 1}, "condition": []})"), HasSubstr("empty"));
  EXPECT_THAT(complaints(R"({"a": {"x": 1}, "condition": [["a"]]})"), HasSubstr("/condition/0"));
}

}  // namespace
}  // namespace sallyport::match
