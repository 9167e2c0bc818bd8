#include "engine/reason/answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::reason {
namespace {

using ::testing::HasSubstr;

Brief brief() {
  Brief result;
  result.shown = {
      {"E1", R"({"id":"E1","says":"wazuh reports 5712","data":{"path":"C:\\Temp\\a.exe","n":7}})"},
      {"E2", R"({"id":"E2","says":"on a list"})"}};
  return result;
}

std::vector<Offer> offers() {
  return {
      {.verb = "isolate_host", .radius = model::BlastRadius::HIGH, .when = {}, .entities = {2}}};
}

std::string text(
    std::string_view citation = R"({"evidence":"E1","quote":"wazuh reports"})",
    std::string_view action = R"({"verb":"isolate_host","entity":2,"evidence":["E1"],"why":"w"})",
    std::string_view technique = "T1059.001") {
  return fmt::format(
      R"({{"hypotheses":[{{"statement":"s","verdict":"malicious","supporting":["E1"],"refuting":["E2"]}}],
          "citations":[{}],"verdict":"malicious","techniques":["{}"],"actions":[{}],"summary":"s"}})",
      citation,
      technique,
      action);
}

std::string fault(const std::string& answer) {
  const auto read = read_answer(answer, brief(), offers());
  return read ? "it holds" : read.error().detail;
}

TEST(Answer, HoldsWhenAllOfItStandsInTheBrief) {
  const auto answer = read_answer(text(), brief(), offers());
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->verdict, model::Judgement::malicious);
  EXPECT_EQ(answer->actions[0].entity, 2U);
  EXPECT_EQ(fault("<think>{maybe}</think>\n```json\n" + text() + "\n```"), "it holds");
}

TEST(Answer, QuotesAreLiteralHoweverTheyAreEscaped) {
  EXPECT_EQ(fault(text(R"({"evidence":"E1","quote":"C:\\Temp\\a.exe"})")), "it holds");
  EXPECT_THAT(fault(text(R"({"evidence":"E2","quote":"wazuh reports"})")), HasSubstr("in E2"));
  EXPECT_THAT(fault(text(R"({"evidence":"E1","quote":"Wazuh Reports"})")), HasSubstr("in E1"));
  EXPECT_THAT(fault(text(R"({"evidence":"E1","quote":"a"})")), HasSubstr("in E1"));
  EXPECT_THAT(fault(text(R"({"evidence":"E7","quote":"wazuh"})")), HasSubstr("no evidence 'E7'"));
}

TEST(Answer, NamesEveryFaultAtOnce) {
  const auto why = fault(text(R"({"evidence":"E7","quote":"wazuh"})",
                              R"({"verb":"wipe","entity":2,"evidence":["E8"],"why":""})",
                              "TA0001"));
  EXPECT_THAT(why, HasSubstr("no evidence 'E7'"));
  EXPECT_THAT(why, HasSubstr("no evidence 'E8'"));
  EXPECT_THAT(why, HasSubstr("'wipe' was not offered"));
  EXPECT_THAT(why, HasSubstr("'TA0001' is not"));
}

TEST(Answer, RefusesATargetThatWasNotOffered) {
  for (const auto* entity : {"0", "3", "-1", "99999999999999999999", "\"2\""}) {
    const auto action =
        fmt::format(R"({{"verb":"isolate_host","entity":{},"evidence":[],"why":""}})", entity);
    EXPECT_NE(fault(text(R"({"evidence":"E1","quote":"wazuh reports"})", action)), "it holds")
        << entity;
  }
}

TEST(Answer, AVerdictThatSaysSomethingCitesSomething) {
  EXPECT_THAT(fault(text("")), HasSubstr("at least one quote"));
  EXPECT_THAT(fault("{}"), HasSubstr("verdict: is missing"));
  EXPECT_THAT(fault("It is fine."), HasSubstr("not a JSON object"));
  EXPECT_THAT(fault(std::string(100'000, '{')), HasSubstr("too long"));
}

TEST(Answer, CutAtEveryByteNeverHolds) {
  const auto whole = text();
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_NE(fault(whole.substr(0, n)), "it holds") << n;
}

}  // namespace
}  // namespace sallyport::reason
