#include "engine/match/detection.hpp"

#include "tests/match/matching.hpp"

#include <gmock/gmock.h>

namespace sallyport::match {
namespace {

using testing::HasSubstr;

TEST(Detection, AndsTheFieldsOfAMap) {
  constexpr auto both = R"({"a": 1, "b": "x"})";
  EXPECT_TRUE(matches(both, R"({"a": 1, "b": "x"})"));
  EXPECT_FALSE(matches(both, R"({"a": 1, "b": "y"})"));
  EXPECT_FALSE(matches(both, R"({"a": 1})"));
}

TEST(Detection, OrsTheMapsOfAList) {
  constexpr auto either = R"([{"a": 1}, {"b": 2}])";
  EXPECT_TRUE(matches(either, R"({"b": 2})"));
  EXPECT_FALSE(matches(either, R"({"a": 2, "b": 1})"));
}

TEST(Detection, OrsTheValuesOfAField) {
  EXPECT_TRUE(matches(R"({"a": ["x", "y"]})", R"({"a": "y"})"));
  EXPECT_FALSE(matches(R"({"a": ["x", "y"]})", R"({"a": "z"})"));
}

TEST(Detection, LooksForKeywordsAnywhereInTheEvent) {
  constexpr auto words = R"(["mimikatz", "sekurlsa::*passwords"])";
  EXPECT_TRUE(matches(words, R"({"deep": {"list": ["ran MIMIKATZ now"]}})"));
  EXPECT_TRUE(matches(words, R"({"m": "sekurlsa::logonpasswords"})"));
  EXPECT_FALSE(matches(words, R"({"mimikatz": "only the key"})"));
  EXPECT_TRUE(matches(R"([4711])", R"({"n": 4711})"));
}

TEST(Detection, WantsEveryKeywordWithAll) {
  constexpr auto both = R"({"|all": ["one", "two"]})";
  EXPECT_TRUE(matches(both, R"({"a": "ONE", "b": "say two"})"));
  EXPECT_FALSE(matches(both, R"({"a": "one", "b": "one"})"));
}

TEST(Detection, MatchesAManyValuedFieldLikeAFewValuedOne) {
  std::string many = R"({"a": [)";
  for (int i = 0; i < 1000; ++i) many += "\"Value" + std::to_string(i) + "\",";
  many += R"("last*"]})";
  EXPECT_TRUE(matches(many, R"({"a": "vALUE777"})"));
  EXPECT_TRUE(matches(many, R"({"a": "LASTing"})"));
  EXPECT_FALSE(matches(many, R"({"a": "value1000"})"));
}

TEST(Detection, IgnoresCaseBeyondAscii) {
  EXPECT_TRUE(matches(R"({"a": "MÜLLER ŽIVKOVIĆ"})", R"({"a": "müller živković"})"));
  EXPECT_TRUE(matches(R"({"a": "привет"})", R"({"a": "ПРИВЕТ"})"));
  EXPECT_TRUE(matches(R"({"a|contains": "ＣＭＤ"})", R"({"a": "x ｃｍｄ y"})"));
  EXPECT_FALSE(matches(R"({"a": "muller"})", R"({"a": "müller"})"));
}

TEST(Detection, ReadsWildcardsAndTheirEscapes) {
  EXPECT_TRUE(matches(R"({"a": "c*d?f"})", R"({"a": "Cxyzdef"})"));
  EXPECT_FALSE(matches(R"({"a": "c*d?f"})", R"({"a": "cdf"})"));
  EXPECT_TRUE(matches(R"({"a": "?"})", R"({"a": "ü"})"));
  EXPECT_TRUE(matches(R"({"a": "a*b*a"})", R"({"a": "abba"})"));
  EXPECT_FALSE(matches(R"({"a": "ab*ba"})", R"({"a": "aba"})"));
  EXPECT_TRUE(matches(R"({"a": "1\\*2"})", R"({"a": "1*2"})"));
  EXPECT_FALSE(matches(R"({"a": "1\\*2"})", R"({"a": "1x2"})"));
  EXPECT_TRUE(matches(R"({"a": "c:\\\\*"})", R"({"a": "C:\\temp"})"));
  EXPECT_FALSE(matches(R"({"a": "c:\\\\*"})", R"({"a": "C:temp"})"));
  EXPECT_TRUE(matches(R"({"a": "c:\\temp"})", R"({"a": "c:\\temp"})"));
  EXPECT_TRUE(matches(R"({"a": "*"})", R"({"a": ""})"));
  EXPECT_TRUE(matches(R"({"a": "a*\nb"})", "{\"a\": \"a\\n\\nb\"}"));
}

TEST(Detection, TreatsNullAsAbsence) {
  EXPECT_TRUE(matches(R"({"a": null})", R"({"b": 1})"));
  EXPECT_TRUE(matches(R"({"a": null})", R"({"a": null})"));
  EXPECT_FALSE(matches(R"({"a": null})", R"({"a": ""})"));
  EXPECT_THAT(complaints(R"({"a": [null, "x"]})"), HasSubstr("warning /a: null in a list"));
}

TEST(Detection, TreatsEmptyTextAsPresence) {
  EXPECT_TRUE(matches(R"({"a": ""})", R"({"a": ""})"));
  EXPECT_FALSE(matches(R"({"a": ""})", R"({"a": "x"})"));
  EXPECT_FALSE(matches(R"({"a": ""})", R"({"b": 1})"));
  EXPECT_FALSE(matches(R"({"a": ""})", R"({"a": null})"));
}

TEST(Detection, MatchesNothingInAMissingField) {
  for (const auto* block : {R"({"a": "x"})",
                            R"({"a|contains": "x"})",
                            R"({"a|neq": "x"})",
                            R"({"a|neq": null})",
                            R"({"a|gt": 1})",
                            R"({"a|cidr": "0.0.0.0/0"})",
                            R"({"a|re": ".*"})",
                            R"({"a": "*"})",
                            R"({"a|fieldref": "b"})",
                            R"({"b|fieldref": "a"})",
                            R"({"b|fieldref|neq": "a"})",
                            R"({"a|exists": true})",
                            R"({"a|hour": 1})"}) {
    EXPECT_FALSE(matches(block, R"({"b": "y"})")) << block;
  }
}

TEST(Detection, ReadsFieldsByNameThenByPath) {
  EXPECT_TRUE(matches(R"({"a.b": 1})", R"({"a": {"b": 1}})"));
  EXPECT_TRUE(matches(R"({"a.b": 1})", R"({"a.b": 1, "a": {"b": 2}})"));
  EXPECT_FALSE(matches(R"({"a.b": 2})", R"({"a.b": 1, "a": {"b": 2}})"));
  EXPECT_TRUE(matches(R"({"a.b": 2})", R"({"a": [{"b": 1}, {"b": [3, 2]}]})"));
  EXPECT_FALSE(matches(R"({"a": 1})", R"({"x": {"a": 1}})"));
}

TEST(Detection, MatchesAnyElementOfAList) {
  EXPECT_TRUE(matches(R"({"a": "x"})", R"({"a": ["w", "x"]})"));
  EXPECT_TRUE(matches(R"({"a|contains|all": ["x", "y"]})", R"({"a": ["1x", "1y"]})"));
  EXPECT_FALSE(matches(R"({"a|neq": "x"})", R"({"a": ["w", "x"]})"));
}

TEST(Detection, ComparesNumbersWithTheirText) {
  EXPECT_TRUE(matches(R"({"a": 10})", R"({"a": "10"})"));
  EXPECT_TRUE(matches(R"({"a": "10"})", R"({"a": 10})"));
  EXPECT_TRUE(matches(R"({"a": 10})", R"({"a": 10.0})"));
  EXPECT_TRUE(matches(R"({"a": "46*"})", R"({"a": 4624})"));
  EXPECT_TRUE(matches(R"({"a|startswith": 46})", R"({"a": 4624})"));
  EXPECT_FALSE(matches(R"({"a": 10})", R"({"a": "010"})"));
  EXPECT_FALSE(matches(R"({"a": 10})", R"({"a": 100})"));
  EXPECT_TRUE(matches(R"({"a": true})", R"({"a": true})"));
  EXPECT_TRUE(matches(R"({"a": "True"})", R"({"a": true})"));
  EXPECT_FALSE(matches(R"({"a": true})", R"({"a": 1})"));
}

TEST(Detection, ComparesWholeNumbersExactly) {
  EXPECT_TRUE(matches(R"({"a": 9007199254740993})", R"({"a": 9007199254740993})"));
  EXPECT_FALSE(matches(R"({"a": 9007199254740993})", R"({"a": 9007199254740992})"));
  EXPECT_TRUE(matches(R"({"a|gt": 9007199254740992})", R"({"a": 9007199254740993})"));
  EXPECT_FALSE(matches(R"({"a|gt": 9007199254740993.0})", R"({"a": 9007199254740992})"));
  EXPECT_TRUE(matches(R"({"a|gt": -1})", R"({"a": 18446744073709551615})"));
  EXPECT_TRUE(matches(R"({"a|lt": 18446744073709551615})", R"({"a": 18446744073709551614})"));
  EXPECT_TRUE(matches(R"({"a|lt": 1e300})", R"({"a": 18446744073709551615})"));
}

TEST(Detection, EndsForTextOfAnySize) {
  const std::string text(1 << 20U, 'a');
  const std::string stars = R"({"x": "*a*a*a*a*a*a*a*a*a*a*a*a*b"})";
  EXPECT_FALSE(matches(stars, R"({"x": ")" + text + R"("})"));
  EXPECT_FALSE(matches(R"({"x|re": "^(a+)+$"})", R"({"x": ")" + text + R"(b"})"));
  EXPECT_FALSE(matches(R"({"x": "*a?a?a?a?a?b"})", R"({"x": ")" + text + R"("})"));
}

TEST(Detection, TellsWhichFieldsItAsksFor) {
  Faults faults;
  const auto compiled = Detection::compile(
      parsed(R"([{"b|contains": "x", "a.c": 1}, {"b": 2, "d|fieldref": "e"}, "word"])"), faults);
  ASSERT_TRUE(compiled);
  std::vector<std::string> names;
  for (const auto& field : compiled->fields()) names.push_back(field.whole);
  EXPECT_THAT(names, testing::ElementsAre("b", "a.c", "d", "e"));
  EXPECT_THAT(compiled->fields()[1].parts, testing::ElementsAre("a", "c"));
}

TEST(Detection, RefusesWhatIsEmpty) {
  EXPECT_THAT(complaints("{}"), HasSubstr(": the map is empty"));
  EXPECT_THAT(complaints("[]"), HasSubstr(": the list is empty"));
  EXPECT_THAT(complaints("null"), HasSubstr("nothing stands here"));
  EXPECT_THAT(complaints(R"({"a": []})"), HasSubstr("/a: the list is empty"));
  EXPECT_THAT(complaints(R"({"s": {}, "condition": "s"})"), HasSubstr("/s: the map is empty"));
  EXPECT_THAT(complaints(R"({"condition": "s"})"), HasSubstr("no search identifier"));
  EXPECT_THAT(complaints(R"({"": 1})"), HasSubstr("/: the name of a field is missing"));
}

TEST(Detection, RefusesMapsAndListsAsValues) {
  EXPECT_THAT(complaints(R"({"selection": {"a": 1}})"), HasSubstr("need a 'condition'"));
  EXPECT_THAT(complaints(R"({"a": [["x"]]})"), HasSubstr("/a/0: a value is expected"));
}

TEST(Detection, ReportsEveryFaultWithItsPlace) {
  const auto said =
      complaints(R"({"s": {"a|contians": 1, "b/c|cidr": "10.0.0.0/33"}, "condition": "s or t"})");
  EXPECT_THAT(said,
              HasSubstr("/s/a|contians: unknown modifier 'contians'; did you mean 'contains'"));
  EXPECT_THAT(said, HasSubstr("/s/b~1c|cidr: '10.0.0.0/33' is not a network"));
  EXPECT_THAT(said, HasSubstr("/condition: 't' is no search identifier"));
}

TEST(Detection, PutsThePointerOfItsDocumentInFront) {
  Faults faults;
  EXPECT_FALSE(Detection::compile(parsed(R"({"a|x": 1})"), faults, "/when"));
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].pointer, "/when/a|x");
}

}  // namespace
}  // namespace sallyport::match
