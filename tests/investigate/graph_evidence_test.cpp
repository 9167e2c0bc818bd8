#include "engine/investigate/graph_evidence.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sallyport::investigate {
namespace {

using namespace std::chrono_literals;

const Time seen_at = *parse_rfc3339("2026-11-20T12:00:00Z");

model::Alert alert_on_a_host() {
  return {
      .tenant = "acme", .uid = "u", .source = "wazuh", .detection = "D", .received_at = seen_at};
}

/// A host that is known for `known`, with `suspected` other detections that were judged so.
graph::Neighbourhood around(std::chrono::hours known, std::uint32_t suspected = 0) {
  graph::Neighbourhood result;
  result.looked_up = 1;
  result.entities.push_back({.entity = {"host", "WKS-1"},
                             .alerts = 5,
                             .suspected = suspected,
                             .first = seen_at - known,
                             .last = seen_at - 1min});
  result.detection.entity = {"detection", "D"};
  return result;
}

graph::Neighbourhood fired(graph::Neighbourhood before,
                           std::uint32_t alerts,
                           std::uint32_t last_hour,
                           std::chrono::hours since) {
  before.detection.alerts = alerts;
  before.detection.last_hour = last_hour;
  before.detection.first = seen_at - since;
  return before;
}

double strength(const graph::Neighbourhood& known, std::string_view signal) {
  for (const auto& item : graph_evidence(known, alert_on_a_host())) {
    const auto found = std::ranges::find(item.signals, signal, &model::Signal::name);
    if (found != item.signals.end() && item.status == model::EvidenceStatus::found)
      return found->strength;
  }
  return 0;
}

TEST(GraphEvidence, ADetectionThatNeverFiredIsRareOnceTheHostIsKnownForADay) {
  EXPECT_EQ(strength(around(72h), "history.rare"), 1);
  EXPECT_EQ(strength(around(23h), "history.rare"), 0);
  EXPECT_EQ(strength(graph::Neighbourhood{}, "history.rare"), 0);
}

TEST(GraphEvidence, WhatFiredInThisHourIsTheSameStoryAndRareAllTheSame) {
  EXPECT_EQ(strength(fired(around(72h), 9, 9, 0h), "history.rare"), 1);
}

TEST(GraphEvidence, TheMoreOftenItFiresTheLessRareItIs) {
  const auto seldom = strength(fired(around(96h), 2, 0, 96h), "history.rare");
  const auto often = strength(fired(around(96h), 20, 0, 96h), "history.rare");
  EXPECT_GT(seldom, 0.6);
  EXPECT_GT(seldom, often);
  auto daily = fired(around(96h), 32, 0, 96h);
  daily.detection.more = true;
  EXPECT_EQ(strength(daily, "history.rare"), 0);
}

TEST(GraphEvidence, AnEntityUnderAttackSpeaksForWhatIsRareThereAndNotForRoutine) {
  const auto one = strength(around(72h, 1), "graph.under_attack");
  EXPECT_GT(one, 0);
  EXPECT_GT(strength(around(72h, 3), "graph.under_attack"), one);
  EXPECT_LT(strength(fired(around(72h, 1), 20, 0, 72h), "graph.under_attack"), one);
  auto routine = fired(around(72h, 3), 32, 3, 72h);
  routine.detection.more = true;
  EXPECT_EQ(strength(routine, "graph.under_attack"), 0);
  EXPECT_EQ(strength(around(2h, 3), "graph.under_attack"), 0);  // everything is new there
}

}  // namespace
}  // namespace sallyport::investigate
