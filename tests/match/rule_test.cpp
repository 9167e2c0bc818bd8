#include "engine/match/rule.hpp"

#include "engine/match/ruleset.hpp"
#include "engine/match/windows_event.hpp"
#include "tests/match/matching.hpp"

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

namespace sallyport::match {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view rule_text = R"({
  "title": "A shell", "id": "r-1", "status": "test", "level": "high", "tags": ["attack.t1059"],
  "logsource": {"product": "windows", "category": "process_creation"},
  "detection": {"selection": {"Image|endswith": "\\cmd.exe"}, "condition": "selection"}})";

bool seen(std::string_view detection, std::string_view event) {
  Faults faults;
  const auto compiled = Detection::compile(parsed(detection), faults);
  const auto value = parsed(event);
  return compiled && compiled->matches(EventRecord{value});
}

std::string faults_of(std::string_view document) {
  Faults faults;
  EXPECT_FALSE(compile_rule(parsed(document), faults));
  return summary(faults);
}

TEST(Rule, KeepsWhatTheDocumentSays) {
  Faults faults;
  const auto rule = compile_rule(parsed(rule_text), faults);
  ASSERT_TRUE(rule) << summary(faults);
  EXPECT_EQ(rule->id, "r-1");
  EXPECT_EQ(rule->title, "A shell");
  EXPECT_EQ(rule->status, "test");
  EXPECT_EQ(rule->level, "high");
  EXPECT_THAT(rule->tags, ElementsAre("attack.t1059"));
  EXPECT_EQ(rule->logsource.product, "windows");
  EXPECT_EQ(rule->logsource.category, "process_creation");
  EXPECT_TRUE(rule->detection.matches(JsonRecord{parsed(R"({"Image": "C:\\CMD.exe"})")}));
}

TEST(Rule, SaysWhatIsMissing) {
  EXPECT_THAT(faults_of("[]"), HasSubstr("a map with a 'detection'"));
  EXPECT_THAT(faults_of(R"({"title": "x"})"), HasSubstr("no 'detection'"));
  EXPECT_THAT(faults_of(R"({"title": "x", "detectoin": {}})"), HasSubstr("'detectoin'"));
  EXPECT_THAT(faults_of(R"({"detection": {"s": {"a": 1}}})"), HasSubstr("no 'condition'"));
  EXPECT_THAT(faults_of(R"({"correlation": {}})"), HasSubstr("/correlation: "));
  EXPECT_THAT(faults_of(R"({"title": 1, "detection": {"s": {"a": 1}, "condition": "s"}})"),
              HasSubstr("/title: text is expected"));
}

TEST(EventRecord, SeesAWindowsEventFlat) {
  constexpr auto event = R"({"Event": {
    "System": {"Provider": {"#attributes": {"Name": "Sysmon", "Guid": "g"}}, "EventID": 11,
               "Channel": "Op", "Computer": "W1", "Level": 4, "Security": {"#attributes": {"UserID": "S-1"}}},
    "EventData": {"Image": "C:\\a.exe", "Channel": "forged", "EventID": 99, "Level": "data"}}})";
  EXPECT_TRUE(seen(R"({"EventID": 11, "Channel": "Op", "Computer": "W1"})", event));
  EXPECT_TRUE(seen(R"({"Provider_Name": "sysmon", "Provider_Guid": "g"})", event));
  EXPECT_TRUE(seen(R"({"Image|endswith": "a.exe", "Security_UserID": "S-1"})", event));
  EXPECT_TRUE(seen(R"({"Event.System.EventID": 11})", event));
  EXPECT_TRUE(seen(R"({"Level": "data"})", event));
  EXPECT_FALSE(seen(R"({"EventID": 99})", event));
  EXPECT_FALSE(seen(R"({"Nothing|exists": true})", event));
}

TEST(EventRecord, ReadsTheOtherShapesOfAnElement) {
  constexpr auto event = R"({"Event": {
    "System": {"Provider": {"@Name": "P"}, "EventID": {"@Qualifiers": "0", "#text": "4624"}},
    "EventData": {"Data": [{"@Name": "User", "#text": "eve"}, {"#attributes": {"Name": "Ip"}, "#text": "10.0.0.1"},
                           {"@Name": "Threat Name", "#text": "t"}, {"@Name": "Empty"}, "loose"]},
    "UserData": {"LogFileCleared": {"SubjectUserName": "bob"}}}})";
  EXPECT_TRUE(seen(R"({"EventID": 4624, "Provider_Name": "P"})", event));
  EXPECT_TRUE(
      seen(R"({"User": "eve", "ThreatName": "t", "Ip|cidr": "10.0.0.0/8", "Empty": ""})", event));
  EXPECT_TRUE(seen(R"({"Data": "loose"})", event));
  EXPECT_TRUE(seen(R"({"SubjectUserName": "bob"})", event));
}

TEST(EventRecord, LeavesOtherEventsAsTheyAre) {
  EXPECT_TRUE(seen(R"({"Event.name": "x"})", R"({"Event": {"name": "x"}})"));
  EXPECT_FALSE(seen(R"({"name": "x"})", R"({"Event": {"name": "x"}})"));
  EXPECT_FALSE(seen(R"({"a": 1})", R"({"Event": {"System": [], "EventData": {"a": 1}}})"));
}

TEST(Ruleset, AnswersAsEachDetectionAlone) {
  Ruleset rules;
  for (const auto* block :
       {R"({"a": 1})", R"({"b": 2, "a": 1})", R"(["word"])", R"({"c.d|contains": "x"})"}) {
    Faults faults;
    rules.add(*Detection::compile(parsed(block), faults));
  }
  const auto matched = [&rules](std::string_view event) {
    const auto value = parsed(event);
    std::vector<std::size_t> found;
    rules.match(JsonRecord{value}, [&found](std::size_t i) { found.push_back(i); });
    return found;
  };
  EXPECT_THAT(matched(R"({"a": 1, "b": 2})"), ElementsAre(0, 1));
  EXPECT_THAT(matched(R"({"a": 1, "c": {"d": "a Word X"}})"), ElementsAre(0, 2, 3));
  EXPECT_THAT(matched(R"({"z": 0})"), ElementsAre());
}

/// A document with one place changed: a character swapped, left out, doubled.
std::string mutated(std::string text, std::mt19937& random) {
  constexpr std::string_view interesting = "*?\\|\"{}[]:,%-/0a ()\x01\xc3\xff";
  for (auto changes = 1 + random() % 4; changes > 0 && !text.empty(); --changes) {
    const auto at = random() % text.size();
    switch (random() % 3) {
      case 0:
        text[at] = interesting[random() % interesting.size()];
        break;
      case 1:
        text.erase(at, 1 + random() % 3);
        break;
      default:
        text.insert(at, text.substr(random() % text.size(), random() % 12));
    }
  }
  return text;
}

TEST(Detection, SurvivesAnyMutationOfRuleAndEvent) {
  const std::string rule =
      R"({"s1": {"a|contains|all": ["x*y", "-z"], "b|re|i": "^(a|b)+\\d{2,4}$", "c|cidr": ["10.0.0.0/8", "fe80::/10"],
          "d|windash|endswith": " -enc", "e|gte": 12.5, "f|wide|base64offset|contains": "cmd", "g": null},
          "s2": [{"h|fieldref": "a", "t|hour|lt": 8}, {"i|neq": ["q?", 7]}], "k": ["word", 4711], "_x": {"j|exists": false},
          "condition": "1 of s* and not (k or _x) or all of them"})";
  const std::string event =
      R"({"a": ["xxy", " -z"], "b": "aab12", "c": ["10.1.2.3", "::ffff:10.0.0.1"], "d": "p.exe –enc", "e": 13,
          "f": "YwBtAGQA", "h": "xxy", "i": {"j": [1, 2.5, true, null]}, "t": "2026-11-20T05:00:00Z"})";
  std::mt19937 random{20261121};
  std::size_t compiled = 0;
  std::size_t matched = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto rule_value = parse_json(mutated(rule, random));
    const auto event_value = parse_json(round % 2 == 0 ? event : mutated(event, random));
    if (!rule_value || !event_value) continue;
    Faults faults;
    const auto detection = Detection::compile(*rule_value, faults);
    refused += !detection;
    EXPECT_EQ(detection.has_value(), !has_errors(faults));
    if (!detection) continue;
    ++compiled;
    matched += detection->matches(EventRecord{*event_value});
  }
  EXPECT_GT(compiled, 100U);
  EXPECT_GT(matched, 5U);
  EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace sallyport::match
