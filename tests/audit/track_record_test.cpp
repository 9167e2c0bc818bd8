#include "engine/audit/track_record.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sallyport::audit {
namespace {

using model::EntryKind;
using std::chrono::minutes;

const Time noon = parse_rfc3339("2026-11-20T12:00:00Z").value();

TrackRecord answered(int approved, int denied, std::size_t keep = 30) {
  TrackRecord record{keep};
  for (int i = 0; i < approved; ++i) record.answered(fmt::format("a{}", i), true, noon);
  for (int i = 0; i < denied; ++i) record.answered(fmt::format("d{}", i), false, noon);
  return record;
}

TrackRecord ran(int runs, int rolled_back) {
  TrackRecord record{30};
  for (int i = 0; i < runs; ++i) record.ran(noon + minutes{i});
  for (int i = 0; i < rolled_back; ++i) record.rolled_back("x", noon + minutes{runs + i});
  return record;
}

TEST(Demotion, NeedsSoManySamples) {
  const DemotionRule rule;
  EXPECT_FALSE(demotion(TrackRecord{30}, rule, noon));
  EXPECT_FALSE(demotion(answered(0, 1), rule, noon));
  EXPECT_FALSE(demotion(answered(0, 4), rule, noon));
  EXPECT_TRUE(demotion(answered(0, 5), rule, noon));
  EXPECT_FALSE(demotion(ran(4, 4), rule, noon));
  EXPECT_TRUE(demotion(ran(5, 5), rule, noon));
}

TEST(Demotion, ComesBelowTheFloorAndOverTheCeilingAndNotAtThem) {
  const DemotionRule rule;
  EXPECT_FALSE(demotion(answered(8, 2), rule, noon));
  const auto disagreed = demotion(answered(7, 3), rule, noon);
  ASSERT_TRUE(disagreed);
  EXPECT_EQ(disagreed->shortfall, Shortfall::agreement);
  EXPECT_EQ(to_text(*disagreed, {.tenant = "acme", .verb = "block_ip", .target_kind = "ip"}),
            "people agreed with 7 of the last 10 block_ip on ip (70 %); the floor is 80 %");
  EXPECT_FALSE(demotion(ran(10, 2), rule, noon));
  const auto undone = demotion(ran(10, 3), rule, noon);
  ASSERT_TRUE(undone);
  EXPECT_EQ(undone->shortfall, Shortfall::rollbacks);
  EXPECT_EQ(to_text(*undone, {.tenant = "acme", .verb = "block_ip", .target_kind = "ip"}),
            "3 were rolled back while the last 10 block_ip on ip ran (30 %); the ceiling is 20 %");
}

TEST(Demotion, CountsWhatAPersonOverturnedAsIfItWereRolledBackAndOnce) {
  const DemotionRule rule;
  TrackRecord record{30};
  for (int i = 0; i < 10; ++i) record.ran(noon + minutes{i});
  for (const auto* action : {"a", "b", "b", "c"}) record.overturned(action, noon + minutes{20});
  record.rolled_back("a", noon + minutes{21});
  EXPECT_EQ(record.undone(noon).of, 3U);
  record.rolled_back("d", noon + minutes{22});
  record.overturned("d", noon + minutes{23});
  EXPECT_EQ(record.undone(noon).of, 4U);
  EXPECT_TRUE(demotion(record, rule, noon));
}

TEST(Demotion, NeverComesWhereTheBoundsAreAtTheirEnds) {
  const DemotionRule never{.agreement_floor = 0, .rollback_ceiling = 1};
  EXPECT_FALSE(demotion(answered(0, 30), never, noon));
  EXPECT_FALSE(demotion(ran(10, 30), never, noon));
}

TEST(Demotion, SeesTheLastAnswersOnlyAndNothingOld) {
  const DemotionRule rule;
  auto record = answered(300, 0);
  for (int i = 0; i < 7; ++i) record.answered("late", false, noon);
  EXPECT_TRUE(demotion(record, rule, noon));  // 23 of the last 30
  const auto later = noon + std::chrono::days{31};
  EXPECT_FALSE(demotion(record, rule, later));
}

TEST(Demotion, CountsARollbackAgainstTheApprovalOfThatAction) {
  auto record = answered(5, 0);
  EXPECT_FALSE(demotion(record, {}, noon));
  record.rolled_back("a1", noon);
  record.rolled_back("a3", noon);
  const auto fallen = demotion(record, {}, noon);
  ASSERT_TRUE(fallen);
  EXPECT_EQ(fallen->of, 3U);
}

TEST(Demotion, SeesRollbacksAlsoWhenManyRanSinceWhatTheyUndo) {
  // People need an hour to see it; the verb ran a thousand times meanwhile.
  TrackRecord record{30};
  for (int i = 0; i < 1000; ++i) {
    record.ran(noon + minutes{i});
    if (i > 60 && i % 3 == 0) record.rolled_back("old", noon + minutes{i});
  }
  EXPECT_TRUE(demotion(record, {}, noon + minutes{1000}));
}

TEST(Demotion, OfAnyRecordHasTheSamplesAndTheShareThatItNames) {
  std::mt19937 random{7};
  const auto below = [&](unsigned n) { return random() % n; };
  int demoted = 0;
  for (int round = 0; round < 5'000; ++round) {
    const DemotionRule rule{.agreement_floor = below(101) / 100.0,
                            .rollback_ceiling = below(101) / 100.0,
                            .window = 1 + below(40),
                            .min_samples = 1 + below(20)};
    TrackRecord record{rule.window};
    for (unsigned i = below(80); i > 0; --i) {
      const auto at = noon - std::chrono::hours{below(24 * 60)};
      if (below(2) == 0) record.answered(fmt::format("a{}", i), below(2) == 0, at);
      if (below(2) == 0) record.ran(at);
      if (below(4) == 0) record.rolled_back(fmt::format("a{}", below(80)), at);
    }
    const auto fallen = demotion(record, rule, noon);
    if (!fallen) continue;
    ++demoted;
    EXPECT_GE(fallen->all, rule.min_samples);
    EXPECT_LE(fallen->all, rule.window);
    EXPECT_LE(fallen->of, fallen->all);
    if (fallen->shortfall == Shortfall::agreement) {
      EXPECT_LT(fallen->share(), rule.agreement_floor);
    } else {
      EXPECT_GT(fallen->share(), rule.rollback_ceiling);
    }
    // Whoever is content with less, or wants to see more, demotes no sooner.
    auto milder = rule;
    milder.agreement_floor = 0;
    milder.rollback_ceiling = 1;
    EXPECT_FALSE(demotion(record, milder, noon));
    auto patient = rule;
    patient.min_samples = rule.window + 1;
    EXPECT_FALSE(demotion(record, patient, noon));
  }
  EXPECT_GT(demoted, 500);
}

model::LedgerEntry entry(EntryKind kind, const std::string& subject, json::object body) {
  return {.tenant = "acme", .at = noon, .kind = kind, .subject = subject, .body = std::move(body)};
}

json::object step(const std::string& verb, const std::string& state) {
  return {{"action", "x"},
          {"state", state},
          {"verb", verb},
          {"target", {{"kind", "ip"}, {"value", "203.0.113.9"}}}};
}

TEST(TrackRecords, FoldAnswersRunsAndRollbacksByClass) {
  TrackRecords records{30};
  records.add(entry(EntryKind::approved, "a", step("block_ip", "approved")));
  records.add(entry(EntryKind::executed, "a", step("block_ip", "succeeded")));
  records.add(entry(EntryKind::executed, "b", step("block_ip", "failed")));
  records.add(entry(EntryKind::executed, "c", step("block_ip", "unknown")));
  records.add(entry(EntryKind::denied, "d", step("unblock_ip", "denied")));
  auto changed = step("block_ip", "approved");
  changed["changed"] = {{"from", json::object{}}, {"to", json::object{}}};
  records.add(entry(EntryKind::approved, "e", std::move(changed)));
  records.add(entry(EntryKind::rolled_back, "a", step("block_ip", "rolled_back")));
  records.add(entry(EntryKind::verified, "a", step("block_ip", "verified")));
  ASSERT_EQ(records.all().size(), 2U);
  const auto& block = records.all().at({.tenant = "acme", .verb = "block_ip", .target_kind = "ip"});
  EXPECT_EQ(block.agreed(noon).of, 0U) << "one rolled back, one not approved as it was proposed";
  EXPECT_EQ(block.agreed(noon).all, 2U);
  EXPECT_EQ(block.undone(noon).of, 1U);
  EXPECT_EQ(block.undone(noon).all, 1U);
}

/// Which of block_ip and kill_process still have a record after `changes`.
std::string left_after(const std::string& changes) {
  TrackRecords records{30};
  for (const auto* verb : {"block_ip", "kill_process"})
    records.add(entry(EntryKind::denied, "d", step(verb, "denied")));
  records.add(entry(EntryKind::policy_changed,
                    "policy:2",
                    {{"version", 2}, {"changes", parse_json(changes).value()}}));
  std::string left;
  for (const auto& [of, record] : records.all()) left += of.verb + ' ';
  return left;
}

TEST(TrackRecords, BeginAnewWhenALimitBecomesZeroOrCeasesToBe) {
  const std::string only_kill = "kill_process ";
  EXPECT_EQ(left_after(R"([{"path":"/tenants/acme/limits/block_ip","after":{"per_day":0}}])"),
            only_kill);
  EXPECT_EQ(left_after(R"([{"path":"/tenants/acme/limits/block_ip/per_day","before":0}])"),
            only_kill);
  EXPECT_EQ(
      left_after(R"([{"path":"/tenants/acme/limits/block_ip/per_day","before":0,"after":5}])"),
      only_kill);
  EXPECT_EQ(left_after(R"([{"path":"/tenants/acme/limits","after":{"block_ip":{"per_day":0},
                            "kill_process":{"per_day":4}}}])"),
            only_kill);
  EXPECT_EQ(left_after(R"([{"path":"/tenants/acme","before":{"tier":"L3",
                            "limits":{"block_ip":{"per_hour":0}}}}])"),
            only_kill);
}

TEST(TrackRecords, BeginAnewForTheKindOfTargetWhoseLimitTurns) {
  const auto left = [](const std::string& change) {
    TrackRecords records{30};
    for (const auto* kind : {"host", "ip"}) {
      auto body = step("block_ip", "denied");
      body["target"].get_object()["kind"] = kind;
      records.add(entry(EntryKind::denied, "d", std::move(body)));
    }
    records.add(entry(EntryKind::policy_changed,
                      "policy:2",
                      {{"version", 2}, {"changes", {parse_json(change).value()}}}));
    std::string kinds;
    for (const auto& [of, record] : records.all()) kinds += of.target_kind + ' ';
    return kinds;
  };
  EXPECT_EQ(left(R"({"path":"/tenants/acme/limits/block_ip","before":{"per_hour":5},
                     "after":[{"per_hour":5},{"per_day":0,"when":{"target.kind":"ip"}}]})"),
            "host ");
  EXPECT_EQ(left(R"({"path":"/tenants/acme/limits/block_ip",
                     "before":[{"per_day":0,"when":{"target.kind":["ip"]}}]})"),
            "host ");
  EXPECT_EQ(left(R"({"path":"/tenants/acme/limits","after":{"block_ip":
                     [{"per_day":0,"when":{"target.kind":"ip"}},{"per_day":0}]}})"),
            "");
  // What holds a part of a kind has nothing to do with the record.
  EXPECT_EQ(left(R"({"path":"/tenants/acme/limits/block_ip",
                     "after":{"per_day":0,"when":{"target.kind":"ip","target.value":"x"}}})"),
            "host ip ");
  EXPECT_EQ(left(R"({"path":"/tenants/acme/limits/block_ip",
                     "before":[{"per_day":0,"when":{"target.kind":"ip"}}],
                     "after":[{"per_day":0,"when":{"target.kind":"ip"},"reason":"new"}]})"),
            "host ip ");
}

TEST(TrackRecords, GoOnThroughEveryOtherChange) {
  const std::string both = "block_ip kill_process ";
  EXPECT_EQ(left_after(R"([{"path":"/tenants/acme/tier","before":"L3","after":"L2"}])"), both);
  EXPECT_EQ(
      left_after(R"([{"path":"/tenants/acme/limits/block_ip/per_day","before":7,"after":5}])"),
      both);
  EXPECT_EQ(left_after(R"([{"path":"/tenants/acme-2/limits/block_ip","after":{"per_day":0}}])"),
            both);
  EXPECT_EQ(left_after("[]"), both);
}

}  // namespace
}  // namespace sallyport::audit
