#include "engine/app/policy_replay.hpp"

#include "engine/act/actions.hpp"
#include "engine/app/policy_edit.hpp"
#include "engine/app/policy_keeper.hpp"
#include "engine/app/store_records.hpp"
#include "engine/approve/approvals.hpp"
#include "tests/act/world.hpp"
#include "tests/store/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace sallyport::app::testing {

namespace {

using act::testing::ManualClock;
using model::Tier;

constexpr auto text_of_the_past = R"(tenants:
  acme:
    tier: L3
    limits: { block_ip: { per_hour: 3 } }
    whitelist:
      - { id: desks, action: isolate_host, target_prefix: WKS-, max_per_hour: 1, expires: 2026-11-20T12:00:00Z }
    overrides: { kill_process: { block: true, when: { confidence|lt: 0.5 } } }
    freezes: [ { from: 2026-11-20T14:00:00Z, to: 2026-11-20T15:00:00Z, tier: L1 } ]
)";

model::Catalogue catalogue_of_verbs() {
  Faults faults;
  return model::Catalogue::read(parse_json(R"({"verbs":{
      "block_ip":{"blast_radius":"MEDIUM","targets":["ip"]},
      "kill_process":{"blast_radius":"MEDIUM","targets":["process"]},
      "isolate_host":{"blast_radius":"HIGH","targets":["host"]}}})")
                                    .value(),
                                faults);
}

/// An engine's past, recorded by the rooms that record it.
struct Past {
  Past() { std::ofstream{file} << text_of_the_past; }

  void begin() {
    auto policy = keeper.open();
    ASSERT_TRUE(policy) << policy.error().detail;
    gate.emplace(*std::move(policy));
    approvals.emplace(*store, actions, *gate, clock, std::chrono::hours{4}, [](const auto&) {
      return Result<>{};
    });
  }

  void set_tier(Tier tier) {
    const auto made = keeper.change(
        *gate,
        {.make = [tier](const std::string& text) { return with_tier(text, "acme", tier); },
         .by = {.kind = "analyst", .id = "carla"},
         .reason = "as it was",
         .expected = {}});
    ASSERT_TRUE(made) << made.error().detail;
  }

  /// A proposal, as the pipeline records it.
  model::Action ask(const std::string& verb, const std::string& target, double confidence = 0.9) {
    clock.move(std::chrono::minutes{2});
    model::ActionRequest request{
        .tenant = "acme",
        .action = verb,
        .target = {.kind = verb == "block_ip" ? "ip" : "host", .value = target},
        .confidence = confidence,
        .requested_by = {.kind = "agent", .id = "investigation:1"}};
    auto answer = gate->judge(request, clock.now(), "fake");
    model::Action action{.id = ActionId::parse(ids.next(clock.now())).value(),
                         .tenant = "acme",
                         .request = request,
                         .request_hash = model::request_hash(request),
                         .decision = gate::decision_of(answer),
                         .connector = "fake",
                         .created_at = clock.now(),
                         .updated_at = clock.now()};
    action.state = std::holds_alternative<gate::Permit>(answer)   ? model::ActionState::permitted
                   : std::holds_alternative<gate::Queued>(answer) ? model::ActionState::queued
                                                                  : model::ActionState::blocked;
    store::Batch batch;
    EXPECT_TRUE(actions.add(batch, action));
    if (action.state == model::ActionState::queued) approvals->ask(batch, action);
    EXPECT_TRUE(store->commit_and_wait(std::move(batch)));
    return action;
  }

  template <class T>
  Result<T> wait(Task<T> task) {
    Result<T> result = fail(Errc::cancelled, "did not end");
    auto keep = [](Task<T> work, Result<T>& into) -> asio::awaitable<void> {
      into = co_await std::move(work);
    };
    sallyport::testing::run(keep(std::move(task), result));
    return result;
  }

  void approve(const model::Action& action) {
    clock.move(std::chrono::seconds{30});
    const auto done = wait(approvals->approve(action.id.text(),
                                              {.request_hash = action.request_hash,
                                               .by = {.kind = "analyst", .id = "al"},
                                               .comment = {}}));
    EXPECT_TRUE(done) << done.error().detail;
  }

  void deny(const model::Action& action) {
    clock.move(std::chrono::seconds{30});
    EXPECT_TRUE(wait(approvals->deny(action.id.text(),
                                     {.request_hash = action.request_hash,
                                      .by = {.kind = "analyst", .id = "al"},
                                      .comment = {}})));
  }

  void roll_back(const model::Action& action) {
    using enum model::ActionState;
    auto now = actions.get(action.id.text()).value();
    for (const auto to : {intended, executing, succeeded, rolled_back})
      now = wait(actions.change(now, {.to = to, .by = {.kind = "analyst", .id = "al"}})).value();
  }

  /// Everything that the gate can say, under three versions of the policy.
  void live() {
    begin();
    for (int i = 0; i < 5; ++i)
      last_blocks.push_back(ask("block_ip", fmt::format("203.0.113.{}", i)));
    approve(last_blocks.back());
    (void)ask("kill_process", "p1");
    (void)ask("kill_process", "p2", 0.1);
    (void)ask("no_such_verb", "x");
    set_tier(Tier::L4);
    (void)ask("isolate_host", "WKS-1");
    (void)ask("isolate_host", "WKS-2");
    (void)ask("isolate_host", "SRV-1");
    clock.move(std::chrono::hours{1});
    (void)ask("isolate_host", "WKS-3");
    clock.move(std::chrono::hours{1});
    (void)ask("isolate_host", "WKS-4");  // the entry has expired
    clock.move(std::chrono::minutes{100});
    (void)ask("block_ip", "198.51.100.1");  // in the freeze
    set_tier(Tier::L0);
    clock.move(std::chrono::hours{2});
    (void)ask("block_ip", "198.51.100.2");
  }

  sallyport::testing::TemporaryDirectory folder;
  std::filesystem::path file = folder.path() / "policy.yaml";
  ManualClock clock;
  UlidSource ids{11};
  model::Catalogue catalogue = catalogue_of_verbs();
  std::unique_ptr<store::Store> store =
      store::Store::open({.directory = folder.path() / "data"}).value();
  act::Actions actions{*store, clock, std::chrono::hours{1}};
  PolicyKeeper keeper{*store, catalogue, clock, file};
  std::optional<gate::Gate> gate;
  std::optional<approve::Approvals> approvals;
  std::vector<model::Action> last_blocks;
};

/// Records of which one thing is told wrong.
class Tampered final : public Records {
 public:
  Tampered(StoreRecords records, std::uint64_t seq) : records_{std::move(records)}, seq_{seq} {}

  Result<std::vector<std::string>> tenants() override { return records_.tenants(); }

  Result<Version> policy(std::uint64_t version) override { return records_.policy(version); }

  Result<> entries(const std::string& tenant,
                   const std::vector<model::EntryKind>& kinds,
                   std::optional<Time> from,
                   std::optional<Time> to,
                   const std::function<bool(const model::LedgerEntry&)>& visit) override {
    return records_.entries(tenant, kinds, from, to, [&](const model::LedgerEntry& entry) {
      auto told = entry;
      if (told.seq == seq_) told.body["decision"].get_object()["tier"] = "L2";
      return visit(told);
    });
  }

 private:
  StoreRecords records_;
  std::uint64_t seq_;
};

std::shared_ptr<const gate::Policy> policy_of(const std::string& text) {
  Faults faults;
  auto policy = gate::Policy::compile(parse_json(text).value(), catalogue_of_verbs(), {}, faults);
  EXPECT_TRUE(policy) << summary(faults);
  return policy;
}

const ReplayRow& row_of(const std::vector<ReplayRow>& rows, std::string_view verb) {
  static const ReplayRow none;
  const auto found = std::ranges::find(rows, verb, &ReplayRow::action);
  EXPECT_NE(found, rows.end()) << verb;
  return found == rows.end() ? none : *found;
}

}  // namespace

TEST(PolicyReplay, UnderTheRecordedPolicyEveryDecisionComesOutAsRecorded) {
  Past past;
  past.live();
  StoreRecords records{*past.store};
  const auto found = verify_decisions(records, past.catalogue, {});
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_FALSE(found->first) << to_json(*found);
  EXPECT_EQ(found->decisions, 16U);  // 15 proposals and one approval

  // Also when it begins in the middle: what was used up before counts.
  const auto from = past.last_blocks.at(3).created_at;
  const auto part =
      verify_decisions(records, past.catalogue, {.from = from, .to = {}, .tenant = {}});
  EXPECT_FALSE(part->first) << to_json(*part);
  EXPECT_EQ(part->decisions, 13U);
}

TEST(PolicyReplay, ADecisionThatWasNotThePolicysIsFound) {
  Past past;
  past.live();
  std::vector<std::uint64_t> decided;
  StoreRecords records{*past.store};
  ASSERT_TRUE(records.entries("acme",
                              {model::EntryKind::decided},
                              std::nullopt,
                              std::nullopt,
                              [&](const model::LedgerEntry& entry) {
                                decided.push_back(entry.seq);
                                return true;
                              }));
  for (const auto seq : decided) {
    Tampered tampered{StoreRecords{*past.store}, seq};
    const auto found = verify_decisions(tampered, past.catalogue, {});
    ASSERT_TRUE(found->first) << seq;
    EXPECT_EQ(found->first->seq, seq);
    EXPECT_EQ(found->different, 1U);
  }
}

TEST(PolicyReplay, ACatalogueThatChangedIsFound) {
  Past past;
  past.live();
  StoreRecords records{*past.store};
  const auto found = verify_decisions(records, act::testing::World::catalogue(), {});
  ASSERT_TRUE(found->first);
  EXPECT_EQ(found->first->replayed->blast_radius, model::BlastRadius::UNKNOWN);
}

TEST(PolicyReplay, AnotherPolicyTellsWhatWouldHaveBeenAndWhatPeopleThoughtOfIt) {
  Past past;
  past.begin();
  past.set_tier(Tier::L2);
  std::vector<model::Action> asked;
  for (int i = 0; i < 6; ++i) asked.push_back(past.ask("block_ip", fmt::format("203.0.113.{}", i)));
  past.approve(asked.at(0));
  past.approve(asked.at(1));
  past.approve(asked.at(2));
  past.deny(asked.at(3));
  past.roll_back(asked.at(2));
  (void)past.ask("isolate_host", "SRV-1");
  StoreRecords records{*past.store};

  const auto wider = policy_of(R"({"tenants":{"acme":{"tier":"L3"}}})");
  const auto rows = replay_under(records, *wider, {}).value();
  const auto& blocks = row_of(rows, "block_ip");
  EXPECT_EQ(blocks.requests, 6U);
  EXPECT_EQ(blocks.recorded.queued, 6U);
  EXPECT_EQ(blocks.replayed.auto_, 6U);
  EXPECT_EQ(blocks.newly_auto, 6U);
  EXPECT_EQ(blocks.judged, 4U);
  EXPECT_EQ(blocks.would_be_right, 2U);  // of three approved one was rolled back
  EXPECT_EQ(blocks.right_share, 0.5);
  const auto& isolations = row_of(rows, "isolate_host");
  EXPECT_EQ(isolations.newly_auto, 0U);
  EXPECT_EQ(isolations.right_share, std::nullopt);

  // Its limits count what it would have let through.
  const auto limited =
      policy_of(R"({"tenants":{"acme":{"tier":"L3","limits":{"block_ip":{"per_hour":2}}}}})");
  EXPECT_EQ(row_of(replay_under(records, *limited, {}).value(), "block_ip").newly_auto, 2U);
  const auto killed = policy_of(R"({"kill_switch":{"connectors":["fake"]}})");
  EXPECT_EQ(row_of(replay_under(records, *killed, {}).value(), "block_ip").newly_blocked, 6U);
}

TEST(PolicyReplay, WhatRanAndWasUndoneWouldHaveWaitedUnderANarrowerPolicy) {
  Past past;
  past.begin();
  past.roll_back(past.ask("block_ip", "203.0.113.1"));
  (void)past.ask("block_ip", "203.0.113.2");
  StoreRecords records{*past.store};
  const auto narrower = policy_of(R"({"tenants":{"acme":{"tier":"L1"}}})");
  const auto row = row_of(replay_under(records, *narrower, {}).value(), "block_ip");
  EXPECT_EQ(row.newly_queued, 2U);
  EXPECT_EQ(row.mistakes_held_back, 1U);
}

}  // namespace sallyport::app::testing
