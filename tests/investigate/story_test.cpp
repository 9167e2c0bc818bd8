#include "engine/investigate/story.hpp"

#include <gmock/gmock.h>

namespace sallyport::investigate {
namespace {

using ::testing::ElementsAre;

model::Verdict verdict(model::Judgement judgement = model::Judgement::suspicious) {
  model::Verdict result{
      .investigation = "I1", .alerts = {"a"}, .title = "first", .severity = "medium"};
  result.verdict = judgement;
  return result;
}

model::Evidence bearing(std::string source, std::string signal) {
  model::Evidence item{.source = std::move(source), .status = model::EvidenceStatus::found};
  item.signals.push_back({std::move(signal), 1});
  return item;
}

model::Proposal proposal(std::string action, std::string kind, std::string value) {
  return {.action = std::move(action),
          .target = {.kind = std::move(kind), .value = std::move(value)}};
}

TEST(Story, OneThatSaysTheSameRisesToNothing) {
  EXPECT_FALSE(rises(verdict(), verdict()));
  EXPECT_FALSE(rises(verdict(), verdict(model::Judgement::benign)));
}

TEST(Story, AWorseVerdictAHigherSeverityATechniqueAFlagAndASignalRise) {
  EXPECT_TRUE(rises(verdict(), verdict(model::Judgement::malicious)));
  auto after = verdict();
  after.severity = "high";
  EXPECT_TRUE(rises(verdict(), after));
  after = verdict();
  after.techniques = {"T1486"};
  EXPECT_TRUE(rises(verdict(), after));
  after = verdict();
  after.flags = {"injection_suspected"};
  EXPECT_TRUE(rises(verdict(), after));
  after = verdict();
  after.evidence = {bearing("alert.text", "text.reverse_shell")};
  EXPECT_TRUE(rises(verdict(), after));
  EXPECT_FALSE(rises(after, after));
}

TEST(Story, ItsOwnHistoryDoesNotRaiseIt) {
  auto after = verdict();
  after.evidence = {bearing("graph", "graph.entity_malicious"),
                    bearing("history", "history.malicious")};
  EXPECT_FALSE(rises(verdict(), after));
}

TEST(Story, AnActionOnSomethingElseRisesAndOneOnAnotherAlertDoesNot) {
  auto before = verdict();
  before.proposals = {proposal("block_ip", "ip", "203.0.113.1"), proposal("notify", "alert", "a")};
  auto after = before;
  after.proposals[1].target.value = "b";
  EXPECT_FALSE(rises(before, after));
  EXPECT_EQ(same_in(before, after.proposals[1]), &before.proposals[1]);
  after.proposals[0].target.value = "203.0.113.2";
  EXPECT_TRUE(rises(before, after));
  EXPECT_EQ(same_in(before, after.proposals[0]), nullptr);
}

TEST(Story, AVersionKeepsTitleAlertsAndTheHigherSeverity) {
  auto before = verdict();
  before.severity = "high";
  before.version = 2;
  auto alone = verdict(model::Judgement::malicious);
  alone.alerts = {"b"};
  alone.title = "second";
  const auto next = as_version_of(before, alone, {}, {});
  EXPECT_EQ(next.version, 3U);
  EXPECT_EQ(next.title, "first");
  EXPECT_EQ(next.severity, "high");
  EXPECT_THAT(next.alerts, ElementsAre("a", "b"));
  EXPECT_EQ(next.verdict, model::Judgement::malicious);
}

TEST(Story, ALaterVersionIsNeverMilder) {
  auto before = verdict(model::Judgement::suspicious);
  before.confidence = 0.7;
  before.explanation = {{"prior", 0.8, {}}};
  before.proposals = {proposal("create_ticket", "alert", "a")};
  before.proposals[0].action_id = "A1";
  auto after = verdict(model::Judgement::inconclusive);
  after.explanation = {{"prior", -1, {}}};
  stand_by(before, after);
  EXPECT_EQ(after.verdict, model::Judgement::suspicious);
  EXPECT_EQ(after.confidence, 0.7);
  EXPECT_EQ(after.explanation.back().term, "story");
  EXPECT_DOUBLE_EQ(after.explanation.back().weight, 1.8);
  ASSERT_EQ(after.proposals.size(), 1U);
  EXPECT_FALSE(after.proposals[0].action_id);
  auto worse = verdict(model::Judgement::malicious);
  stand_by(before, worse);
  EXPECT_EQ(worse.verdict, model::Judgement::malicious);
}

TEST(Story, TheLaterAlertIsSeenWithAllThatTheStoryNames) {
  model::Alert first{.uid = "a", .severity = model::Severity::high, .techniques = {"T1"}};
  first.entities = {{.entity = {"host", "H"}, .role = "device"}};
  model::Alert later{.uid = "b", .severity = model::Severity::other, .techniques = {"T2"}};
  later.entities = {{.entity = {"ip", "203.0.113.1"}, .role = "src"}};
  const auto whole = joined(first, later);
  EXPECT_EQ(whole.uid, "b");
  EXPECT_EQ(whole.severity, model::Severity::high);
  EXPECT_THAT(whole.techniques, ElementsAre("T2", "T1"));
  EXPECT_THAT(whole.entities, ElementsAre(later.entities[0], first.entities[0]));
}

}  // namespace
}  // namespace sallyport::investigate
