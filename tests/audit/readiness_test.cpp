#include "engine/audit/readiness.hpp"

#include "engine/config/document.hpp"
#include "engine/gate/policy.hpp"
#include "engine/gate/usage.hpp"

#include <gtest/gtest.h>

namespace sallyport::audit {
namespace {

using model::EntryKind;

const Time counted_at = parse_rfc3339("2026-11-20T12:00:00Z").value();
const ReadinessCount::Class isolation{"isolate_host", "host"};

model::Catalogue catalogue() {
  Faults faults;
  return model::Catalogue::read(
      parse_json(
          R"({"verbs":{"isolate_host":{"blast_radius":"HIGH","targets":["host"],"reversed_by":"release_host"},
              "release_host":{"blast_radius":"HIGH","targets":["host"]},
              "notify":{"blast_radius":"MINIMAL","targets":["channel"]},
              "wipe_host":{"blast_radius":"CRITICAL","targets":["host"]}}})")
          .value(),
      faults);
}

model::LedgerEntry entry(EntryKind kind,
                         const std::string& subject,
                         int second,
                         json::object body) {
  return {.tenant = "acme",
          .at = counted_at + std::chrono::seconds{second},
          .kind = kind,
          .subject = subject,
          .body = std::move(body)};
}

model::LedgerEntry decision(const std::string& action,
                            const std::string& ruling,
                            double confidence = 0.97) {
  return entry(EntryKind::decided,
               action,
               0,
               {{"action", action},
                {"request",
                 {{"tenant", "acme"},
                  {"action", "isolate_host"},
                  {"target", {{"kind", "host"}, {"value", "WKS-1"}}},
                  {"confidence", confidence}}},
                {"decision", {{"decision", ruling}}}});
}

/// `approved` and `denied` answers, with one rollback.
ActionRecord record_of(std::uint64_t approved, std::uint64_t denied) {
  return {.decisions = approved + denied,
          .queued = approved + denied,
          .approved = approved,
          .denied = denied,
          .rolled_back = 1,
          .lowest_confidence = 0.918,
          .seconds_in_queue = {1, 2, 3, 4, 100}};
}

TEST(Wilson, IsTheBoundOfTheBook) {
  EXPECT_NEAR(wilson_low(30, 30), 0.8865, 0.0005);
  EXPECT_NEAR(wilson_low(9, 10), 0.5958, 0.0005);
  EXPECT_NEAR(wilson_low(0, 10), 0, 1e-9);
  EXPECT_GT(wilson_low(300, 300), wilson_low(30, 30));
}

TEST(ReadinessCount, FollowsEachActionFromItsDecisionToItsEnd) {
  ReadinessCount count;
  count.add(decision("a1", "queued", 0.92));
  count.add(entry(EntryKind::approved, "a1", 40, {}));
  count.add(decision("a1", "auto"));  // at approval: not a second decision
  count.add(entry(EntryKind::verified, "a1", 41, {}));
  count.add(decision("a2", "queued"));
  count.add(entry(EntryKind::denied, "a2", 10, {}));
  count.add(decision("a3", "queued"));
  count.add(entry(EntryKind::expired, "a3", 10, {}));
  count.add(decision("a4", "auto"));
  count.add(entry(EntryKind::rolled_back, "a4", 10, {}));
  count.add(entry(EntryKind::rolled_back, "a1", 50, {}));
  count.add(entry(EntryKind::approved, "stranger", 50, {}));
  ASSERT_EQ(count.records().size(), 1U);
  const auto& record = count.records().at(isolation);
  EXPECT_EQ(record.decisions, 4U);
  EXPECT_EQ(record.by_itself, 1U);
  EXPECT_EQ(record.queued, 3U);
  EXPECT_EQ(record.approved, 1U);
  EXPECT_EQ(record.denied, 1U);
  EXPECT_EQ(record.expired, 1U);
  EXPECT_EQ(record.rolled_back, 2U);
  EXPECT_EQ(record.approved_and_rolled_back, 1U);
  EXPECT_EQ(record.overturned, 1U) << "a4, which nobody had approved";
  EXPECT_EQ(record.changed, 0U);
  EXPECT_EQ(record.lowest_confidence, 0.92);
  EXPECT_EQ(record.seconds_in_queue, (std::vector<double>{40, 10}));
}

TEST(ReadinessCount, TakesThatTheGateLogWasReadFromPeopleAlone) {
  ReadinessCount count;
  auto review = entry(EntryKind::reviewed,
                      "gate-log",
                      0,
                      {{"from", "2026-11-01T00:00:00Z"}, {"to", "2026-11-20T00:00:00Z"}});
  for (const auto* program : {"api", "agent", "playbook", "engine", ""}) {
    review.actor = {.kind = program, .id = "nightly"};
    count.add(review);
  }
  EXPECT_TRUE(count.reviews().empty());
  review.actor = {.kind = "analyst", .id = "carol"};
  count.add(review);
  EXPECT_EQ(count.reviews().size(), 1U);
}

TEST(Readiness, SaysNotMeasuredWhereThereIsNoRecord) {
  const auto row = assess("acme", isolation, {.decisions = 5, .by_itself = 5}, catalogue(), {});
  EXPECT_FALSE(row.agreement);
  EXPECT_FALSE(row.queue_median_s);
  EXPECT_EQ(row.not_measured, (std::vector<std::string>{"changed", "agreement", "time in queue"}));
  EXPECT_FALSE(row.changed);
  EXPECT_EQ(row.overturned, 0U);
  EXPECT_FALSE(assess("acme", isolation, record_of(5, 0), catalogue(), {}).overturned);
  EXPECT_FALSE(to_json(row).contains("\"agreement\":"));
  EXPECT_FALSE(row.ready);
}

TEST(Readiness, NamesEachThingThatIsMissing) {
  auto record = record_of(10, 5);
  record.rolled_back = 0;
  const auto row =
      assess("acme", isolation, record, catalogue(), {"gate log reviewed: nobody has"});
  ASSERT_EQ(row.missing.size(), 4U);
  EXPECT_TRUE(row.missing[0].starts_with("samples: 15 of 30"));
  EXPECT_TRUE(row.missing[1].starts_with("agreement"));
  EXPECT_TRUE(row.missing[2].starts_with("tested rollback"));
  EXPECT_TRUE(row.missing[3].starts_with("gate log reviewed"));
  EXPECT_EQ(row.promote_with, "");
}

TEST(Readiness, ThirtyOfThirtyAreNotEnoughForNinetyPercent) {
  EXPECT_FALSE(assess("acme", isolation, record_of(30, 0), catalogue(), {}).ready);
  EXPECT_TRUE(assess("acme", isolation, record_of(40, 0), catalogue(), {}).ready);
  EXPECT_FALSE(assess("acme", isolation, record_of(40, 4), catalogue(), {}).ready);
}

TEST(Readiness, WhatWasApprovedAndRolledBackCountsAgainst) {
  auto record = record_of(40, 0);
  record.approved_and_rolled_back = 4;
  const auto row = assess("acme", isolation, record, catalogue(), {});
  EXPECT_EQ(row.agreement, 0.9);
  EXPECT_FALSE(row.ready);
}

TEST(Readiness, WhatWasChangedBeforeItWasApprovedCountsAgainstOnce) {
  ReadinessCount count;
  const json::object changed{{"changed", {{"from", json::object{}}, {"to", json::object{}}}}};
  for (const auto* action : {"a1", "a2", "a3"}) count.add(decision(action, "queued"));
  count.add(entry(EntryKind::approved, "a1", 40, {}));
  count.add(entry(EntryKind::approved, "a2", 40, changed));
  count.add(entry(EntryKind::approved, "a3", 40, changed));
  count.add(entry(EntryKind::rolled_back, "a3", 50, {}));
  const auto& record = count.records().at(isolation);
  EXPECT_EQ(record.approved, 3U);
  EXPECT_EQ(record.changed, 2U);
  EXPECT_EQ(record.overturned, 0U);
  const auto row = assess("acme", isolation, record, catalogue(), {});
  EXPECT_EQ(row.changed, 2U);
  EXPECT_EQ(row.rolled_back, 1U);
  EXPECT_NEAR(*row.agreement, 1.0 / 3, 1e-9);
}

TEST(Readiness, NeverPromotesACriticalOrUnknownVerb) {
  for (const auto* verb : {"wipe_host", "no_such_verb"})
    EXPECT_FALSE(assess("acme", {verb, "host"}, record_of(1000, 0), catalogue(), {}).ready);
}

TEST(Readiness, TheSnippetIsAPolicyThatLetsJustThisRun) {
  const auto row = assess("acme", isolation, record_of(40, 0), catalogue(), {});
  ASSERT_TRUE(row.ready);
  const auto document = config::Document::parse(row.promote_with, "snippet");
  ASSERT_TRUE(document) << row.promote_with;
  Faults faults;
  const auto policy = gate::Policy::compile(document->root(), catalogue(), {}, faults);
  ASSERT_TRUE(policy) << document->render(faults);
  const gate::Usage none;
  const auto ruling = [&](double confidence, const char* kind) {
    const model::ActionRequest request{.tenant = "acme",
                                       .action = "isolate_host",
                                       .target = {.kind = kind, .value = "WKS-1", .tags = {}},
                                       .confidence = confidence};
    return policy->decide(request, counted_at, none).ruling;
  };
  EXPECT_EQ(ruling(0.92, "host"), model::Ruling::auto_);
  EXPECT_EQ(ruling(0.90, "host"), model::Ruling::queued);
  EXPECT_EQ(ruling(0.92, "user"), model::Ruling::queued);
}

TEST(Readiness, QuantilesAreOfTheRecord) {
  const auto row = assess("acme", isolation, record_of(40, 0), catalogue(), {});
  EXPECT_EQ(row.queue_median_s, 3);
  EXPECT_EQ(row.queue_p90_s, 100);
}

}  // namespace
}  // namespace sallyport::audit
