#include "engine/graph/entity_graph.hpp"

#include "engine/graph/keys.hpp"
#include "tests/store/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sallyport::graph {
namespace {

using namespace std::chrono_literals;

const Time noon = *parse_rfc3339("2026-11-20T12:00:00Z");

model::Alert alert(std::string uid, Time at, std::vector<model::Entity> entities) {
  model::Alert result{.tenant = "acme",
                      .uid = std::move(uid),
                      .source = "suricata",
                      .detection = "2001219",
                      .severity = model::Severity::medium,
                      .received_at = at};
  for (auto& entity : entities) result.entities.push_back({std::move(entity), "src", true});
  return result;
}

/// All that a history says, so that two can be compared.
std::string told(const History& h) {
  std::string text =
      fmt::format("{} {} {}: {} alerts{}, {} in the last hour, {} severe, {} sources, {} suspected",
                  h.grounded,
                  h.entity.kind,
                  h.entity.value,
                  h.alerts,
                  h.more ? " and more" : "",
                  h.last_hour,
                  h.severe,
                  h.other_sources,
                  h.suspected);
  for (const auto n : {h.judged.malicious,
                       h.judged.suspicious,
                       h.judged.benign,
                       h.judged.false_positive,
                       h.judged.inconclusive})
    text += fmt::format(" {}", n);
  text += to_json(h.first) + to_json(h.last);
  for (const auto& one : h.detections) text += "\n" + one->detection;
  for (const auto& one : h.recent) text += "\n" + one->uid;
  if (h.neighbours)
    for (const auto& one : *h.neighbours) text += "\n" + one->kind + " " + one->value;
  for (const auto& one : h.actions) text += "\n" + one.action + one.id + to_json(one.at);
  return text;
}

class EntityGraphTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void open(Limits limits = {}) {
    graph_.reset();
    store_.reset();
    auto opened = store::Store::open({.directory = directory_.path()});
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = *std::move(opened);
    graph_ = std::make_unique<EntityGraph>(*store_, limits);
  }

  void seen(const model::Alert& a, std::optional<model::Judgement> judgement = {}) {
    store::Batch batch;
    graph_->observe(batch, a);
    if (judgement) graph_->conclude(batch, a, *judgement);
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
  }

  Neighbourhood around(const model::Alert& a) {
    auto result = graph_->neighbourhood(a);
    EXPECT_TRUE(result) << result.error().detail;
    return result ? *result : Neighbourhood{};
  }

  sallyport::testing::TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<EntityGraph> graph_;
};

const model::Entity host{"host", "WKS-0042"};
const model::Entity scanner{"ip", "198.51.100.7"};

TEST_F(EntityGraphTest, KnowsNothingOfAnEntityThatNoEarlierAlertNamed) {
  const auto first = alert("a1", noon, {host});
  seen(first);
  const auto found = around(first);
  EXPECT_TRUE(found.entities.empty());
  EXPECT_EQ(found.looked_up, 1U);
  EXPECT_EQ(found.detection.alerts, 0U);
}

TEST_F(EntityGraphTest, TellsEarlierAlertsTheirVerdictsAndNeighbours) {
  auto first = alert("a1", noon - 30min, {host, scanner});
  first.detection = "ransomware";
  first.severity = model::Severity::critical;
  first.source = "crowdstrike";
  seen(first, model::Judgement::malicious);
  seen(alert("a2", noon - 2h, {host}));
  const auto found = around(alert("a3", noon, {host}));
  ASSERT_EQ(found.entities.size(), 1U);
  const auto& history = found.entities[0];
  EXPECT_EQ(history.entity, host);
  EXPECT_EQ(history.alerts, 2U);
  EXPECT_EQ(history.last_hour, 1U);
  EXPECT_EQ(history.severe, 1U);
  EXPECT_EQ(history.other_sources, 1U);
  ASSERT_EQ(history.detections.size(), 1U);
  EXPECT_EQ(history.detections[0]->detection, "ransomware");
  EXPECT_EQ(history.judged.malicious, 1U);
  ASSERT_EQ(history.recent.size(), 2U);
  EXPECT_EQ(history.recent[0]->uid, "a1");
  EXPECT_EQ(history.recent[1]->uid, "a2");
  EXPECT_EQ(history.last, noon - 30min);
  ASSERT_TRUE(history.neighbours);
  ASSERT_EQ(history.neighbours->size(), 1U);
  EXPECT_EQ(*history.neighbours->front(), scanner);
  EXPECT_EQ(found.detection.alerts, 1U);
}

TEST_F(EntityGraphTest, AnswersTheSameAfterARestart) {
  for (int i = 0; i < 50; ++i) {
    auto a = alert(fmt::format("a{}", i), noon - std::chrono::minutes{i * 7}, {host, scanner});
    a.detection = fmt::format("d{}", i % 5);
    seen(a, static_cast<model::Judgement>(i % 5));
  }
  store::Batch batch;
  graph_->acted(
      batch, "acme", {.kind = "host", .value = "wks-0042", .tags = {}}, "scan_host", "act-1", noon);
  ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
  const auto asking = alert("now", noon, {host, scanner});
  const auto before = around(asking);
  open();
  const auto after = around(asking);
  ASSERT_EQ(before.entities.size(), 2U);
  ASSERT_EQ(after.entities.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(told(before.entities[i]), told(after.entities[i]));
  EXPECT_EQ(told(before.detection), told(after.detection));
  EXPECT_EQ(after.entities[0].actions.size(), 1U);
  EXPECT_TRUE(after.entities[0].more);
  EXPECT_EQ(after.entities[0].first, noon - 343min);  // of 50, more than are looked at
}

TEST_F(EntityGraphTest, CountsTheOtherDetectionsThatWereJudgedBadLately) {
  const auto judged = [&](std::string uid, Time at, std::string detection, model::Judgement how) {
    auto a = alert(std::move(uid), at, {host});
    a.detection = std::move(detection);
    seen(a, how);
  };
  using enum model::Judgement;
  judged("a1", noon - 1h, "scan", suspicious);
  judged("a2", noon - 2h, "scan", suspicious);
  judged("a3", noon - 3h, "shell", malicious);
  judged("a4", noon - 3h, "noise", inconclusive);
  judged("a5", noon - 7h, "old", malicious);
  judged("a6", noon - 1h, "2001219", malicious);  // the asking one's own
  EXPECT_EQ(around(alert("now", noon, {host})).entities.at(0).suspected, 2U);
}

TEST_F(EntityGraphTest, LeavesOutTheAskingAlertWhetherObservedOrNot) {
  seen(alert("a1", noon - 1min, {host}));
  const auto asking = alert("a2", noon, {host});
  const auto before = around(asking);
  seen(asking);
  const auto after = around(asking);
  ASSERT_EQ(before.entities.size(), 1U);
  ASSERT_EQ(after.entities.size(), 1U);
  EXPECT_EQ(told(before.entities[0]), told(after.entities[0]));
}

TEST_F(EntityGraphTest, TheFirstEntityWasSeenWithAllOthersAndTheyWithIt) {
  const model::Entity user{"user", "alice"};
  seen(alert("a1", noon - 1min, {host, scanner, user}));
  for (const bool restarted : {false, true}) {
    if (restarted) open();
    const auto found = around(alert("now", noon, {host, scanner, user}));
    ASSERT_EQ(found.entities.size(), 3U);
    ASSERT_TRUE(found.entities[0].neighbours);
    EXPECT_EQ(found.entities[0].neighbours->size(), 2U);
    for (const auto i : {1U, 2U}) {
      ASSERT_TRUE(found.entities[i].neighbours);
      ASSERT_EQ(found.entities[i].neighbours->size(), 1U);
      EXPECT_EQ(*found.entities[i].neighbours->front(), host);
    }
  }
}

TEST_F(EntityGraphTest, KeepsTenantsApart) {
  seen(alert("a1", noon - 1min, {host}));
  auto other = alert("a2", noon, {host});
  other.tenant = "globex";
  EXPECT_TRUE(around(other).entities.empty());
}

TEST_F(EntityGraphTest, ComparesHostNamesWithoutCase) {
  seen(alert("a1", noon - 1min, {host}));
  EXPECT_EQ(around(alert("a2", noon, {{"host", "wks-0042"}})).entities.size(), 1U);
}

TEST_F(EntityGraphTest, DoesNotMixUpValuesWithSeparators) {
  const model::Entity odd{"host", std::string{"a\0b", 3}};
  const model::Entity prefix{"host", "a"};
  seen(alert("a1", noon - 1min, {odd, {"url", "http://x/" + std::string(5000, 'y')}}));
  EXPECT_TRUE(around(alert("a2", noon, {prefix})).entities.empty());
  EXPECT_EQ(around(alert("a3", noon, {odd})).entities.size(), 1U);
}

TEST_F(EntityGraphTest, LooksAtTheNewestOfAHotEntityOnly) {
  Limits limits{.sightings = 4};
  open(limits);
  store::Batch batch;
  for (int i = 0; i < 2000; ++i) {
    auto a = alert(fmt::format("a{}", i), noon - std::chrono::seconds{2000 - i}, {host});
    graph_->observe(batch, a);
  }
  ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
  for (const bool restarted : {false, true}) {
    if (restarted) open(limits);
    const auto found = around(alert("now", noon, {host}));
    ASSERT_EQ(found.entities.size(), 1U);
    EXPECT_EQ(found.entities[0].alerts, 4U);
    EXPECT_TRUE(found.entities[0].more);
    EXPECT_EQ(found.entities[0].recent.front()->uid, "a1999");
  }
}

TEST_F(EntityGraphTest, WritesARelationOnceADay) {
  seen(alert("a1", noon - 2h, {host, scanner}));
  std::size_t relations = 0;
  const auto count = [&] {
    relations = 0;
    EXPECT_TRUE(store_->scan(store::Table::relations, "", "", false, [&](auto, auto) {
      ++relations;
      return true;
    }));
  };
  count();
  EXPECT_EQ(relations, 2U);
  seen(alert("a2", noon - 1h, {host, scanner}));
  count();
  EXPECT_EQ(relations, 2U);
  seen(alert("a3", noon + 24h, {host, scanner}));
  count();
  EXPECT_EQ(relations, 4U);
}

TEST_F(EntityGraphTest, KnowsWhatIsOnItsWayIntoTheStore) {
  store::Batch on_its_way;
  graph_->observe(on_its_way, alert("a1", noon - 1h, {host, scanner}));
  const auto asking = alert("a2", noon, {host});
  const auto before = around(asking);
  ASSERT_EQ(before.entities.size(), 1U);
  ASSERT_TRUE(before.entities[0].neighbours);
  EXPECT_EQ(*before.entities[0].neighbours->front(), scanner);
  ASSERT_TRUE(store_->commit_and_wait(std::move(on_its_way)));
  EXPECT_EQ(told(before.entities[0]), told(around(asking).entities.at(0)));
}

TEST_F(EntityGraphTest, KnowsWhatIsOnItsWayBesidesWhatTheStoreHolds) {
  const model::Entity user{"user", "alice"};
  seen(alert("a1", noon - 2h, {host, user}));
  open();
  store::Batch on_its_way;
  graph_->observe(on_its_way, alert("a2", noon - 1h, {host, scanner}));
  const auto found = around(alert("a3", noon, {host}));
  ASSERT_TRUE(found.entities.at(0).neighbours);
  const auto& neighbours = *found.entities[0].neighbours;
  ASSERT_EQ(neighbours.size(), 2U);
  EXPECT_EQ(*neighbours[0], scanner);
  EXPECT_EQ(*neighbours[1], user);
}

TEST_F(EntityGraphTest, AsksForNoRelationsOfAnEntityThatItHasSeenFromTheFirstAlertOn) {
  seen(alert("a1", noon - 1h, {host, scanner}), model::Judgement::benign);
  // What only somebody who reads the relations would tell.
  const model::Entity planted{"user", "alice"};
  store::Batch batch;
  for (const auto& entity : {host, scanner})
    batch.put(store::Table::relations,
              relation_key(entity_key("acme", entity), day_of(noon), planted),
              planted.value);
  ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
  for (const bool restarted : {false, true}) {
    if (restarted) open();
    for (const auto& entity : {host, scanner}) {
      const auto found = around(alert("a2", noon, {entity}));
      ASSERT_TRUE(found.entities.at(0).neighbours);
      const auto told_of = std::ranges::count_if(
          *found.entities[0].neighbours, [&](const auto& other) { return *other == planted; });
      EXPECT_EQ(told_of, restarted ? 1 : 0);
    }
  }
}

TEST_F(EntityGraphTest, AsksForTheRelationsOfAnAlertThatItConcludesAfterARestart) {
  const auto first = alert("a1", noon - 1h, {host, scanner});
  seen(first);
  open();
  store::Batch batch;
  graph_->conclude(batch, first, model::Judgement::benign);
  ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
  const auto found = around(alert("a2", noon, {host}));
  ASSERT_TRUE(found.entities.at(0).neighbours);
  EXPECT_EQ(*found.entities[0].neighbours->front(), scanner);
}

TEST_F(EntityGraphTest, TellsNoNeighboursOfAnEntityThatOnlyTheAskingAlertNames) {
  store::Batch batch;
  graph_->acted(
      batch, "acme", {.kind = "ip", .value = "198.51.100.7", .tags = {}}, "block_ip", "x1", noon);
  ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
  const auto asking = alert("a1", noon, {host, scanner});
  const auto before = around(asking);
  seen(asking);
  const auto after = around(asking);
  ASSERT_EQ(after.entities.size(), 1U);
  EXPECT_EQ(told(before.entities.at(0)), told(after.entities[0]));
}

TEST_F(EntityGraphTest, LetsTextCrowdOutNoGroundedEntity) {
  seen(alert("a1", noon - 1h, {host}));
  auto flooded = alert("a2", noon, {});
  for (int i = 0; i < 60; ++i)
    flooded.entities.push_back({{"domain", fmt::format("x{}.example", i)}, "mentioned", false});
  flooded.entities.push_back({host, "device", true});
  ASSERT_EQ(around(flooded).entities.size(), 1U);
  EXPECT_EQ(around(flooded).entities[0].entity, host);
}

TEST_F(EntityGraphTest, AsksTheStoreAgainForWhatItWasToldToForget) {
  const auto lost = alert("a1", noon - 1h, {host});
  store::Batch never_committed;
  graph_->observe(never_committed, lost);
  EXPECT_EQ(around(alert("a2", noon, {host})).entities.size(), 1U);
  graph_->forget(lost);
  EXPECT_TRUE(around(alert("a2", noon, {host})).entities.empty());
}

TEST_F(EntityGraphTest, RemembersActionsOnAnEntityThatNoAlertNamed) {
  store::Batch batch;
  graph_->acted(
      batch, "acme", {.kind = "ip", .value = "198.51.100.7", .tags = {}}, "block_ip", "x1", noon);
  ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
  const auto found = around(alert("a2", noon, {scanner}));
  ASSERT_EQ(found.entities.size(), 1U);
  EXPECT_EQ(found.entities[0].actions.front().action, "block_ip");
}

TEST_F(EntityGraphTest, ForgetsWhatLiesBeyondTheWindow) {
  seen(alert("a1", noon - 24h * 8, {host}));
  EXPECT_TRUE(around(alert("a2", noon, {host})).entities.empty());
}

TEST_F(EntityGraphTest, EvictsWithoutForgetting) {
  open({.remembered = 16});
  for (int i = 0; i < 200; ++i)
    seen(alert(fmt::format("a{}", i), noon - 1h, {{"host", fmt::format("h{}", i)}}));
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(around(alert("now", noon, {{"host", fmt::format("h{}", i)}})).entities.size(), 1U)
        << i;
  }
}

}  // namespace
}  // namespace sallyport::graph
