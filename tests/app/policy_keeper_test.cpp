#include "engine/app/policy_keeper.hpp"

#include "engine/app/policy_desk.hpp"
#include "engine/app/policy_edit.hpp"
#include "engine/store/ledger.hpp"
#include "tests/act/world.hpp"
#include "tests/store/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <pwd.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace sallyport::app::testing {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

constexpr auto first_text = "# ours\ntenants:\n  acme: { tier: L3 }\n  other: { tier: L1 }\n";

/// A store, a policy file, its keeper and a gate.
struct Desk {
  Desk() {
    write(first_text);
    open();
  }

  void open() {
    keeper.emplace(*store, catalogue, clock, file);
    auto policy = keeper->open();
    ASSERT_TRUE(policy) << policy.error().detail;
    gate.emplace(*std::move(policy));
  }

  void write(std::string_view text) const { std::ofstream{file, std::ios::trunc} << text; }

  [[nodiscard]] std::string text() const {
    std::ifstream stream{file};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }

  Result<StoredPolicy> set_tier(model::Tier tier, std::string expected = {}) {
    clock.move(std::chrono::minutes{1});
    return keeper->change(
        *gate,
        {.make = [tier](const std::string& old) { return with_tier(old, "acme", tier); },
         .by = {.kind = "analyst", .id = "carla"},
         .reason = "an incident",
         .expected = std::move(expected)});
  }

  [[nodiscard]] model::Tier tier() const { return gate->policy()->tier("acme", clock.now()); }

  [[nodiscard]] std::vector<model::LedgerEntry> entries(const std::string& tenant) const {
    std::vector<model::LedgerEntry> all;
    EXPECT_TRUE(store::read_ledger(*store, tenant, 1, [&](std::uint64_t, std::string_view line) {
      all.push_back(from_json<model::LedgerEntry>(line).value());
      return true;
    }));
    return all;
  }

  sallyport::testing::TemporaryDirectory folder;
  std::filesystem::path file = folder.path() / "policy.yaml";
  act::testing::ManualClock clock;
  model::Catalogue catalogue = act::testing::World::catalogue();
  std::unique_ptr<store::Store> store =
      store::Store::open({.directory = folder.path() / "data"}).value();
  std::optional<PolicyKeeper> keeper;
  std::optional<gate::Gate> gate;
};

}  // namespace

TEST(PolicyKeeper, AChangeHoldsAtOnceAndIsInTheFileTheHistoryAndTheLedger) {
  Desk desk;
  const auto made = desk.set_tier(model::Tier::L0);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(desk.tier(), model::Tier::L0);
  EXPECT_EQ(desk.gate->policy()->version().version, 2U);
  EXPECT_EQ(desk.text(), "# ours\ntenants:\n  acme: { tier: L0 }\n  other: { tier: L1 }\n");
  EXPECT_EQ(policy_version(*desk.store, 2)->text, desk.text());
  EXPECT_EQ(policy_version(*desk.store, 1)->text, first_text);

  const auto entry = desk.entries("acme").back();
  EXPECT_EQ(entry.kind, model::EntryKind::policy_changed);
  EXPECT_EQ(entry.actor.id, "carla");
  EXPECT_EQ(entry.body.at("reason"), "an incident");
  EXPECT_EQ(entry.body.at("changes"),
            parse_json(R"([{"path":"/tenants/acme/tier","before":"L3","after":"L0"}])").value());
  EXPECT_EQ(desk.entries("other").back().body.at("changes"), json::array{});
}

TEST(PolicyKeeper, AChangeOutlivesARestartWithoutAnotherVersion) {
  Desk desk;
  ASSERT_TRUE(desk.set_tier(model::Tier::L1));
  desk.open();
  EXPECT_EQ(desk.tier(), model::Tier::L1);
  EXPECT_EQ(desk.keeper->current()->version, 2U);
  EXPECT_FALSE(*desk.keeper->reload(*desk.gate));
  EXPECT_EQ(desk.keeper->current()->by.id, "carla");
}

TEST(PolicyKeeper, AChangeThatACrashKeptFromTheFileReachesItAtTheNextStart) {
  Desk desk;
  const auto old_hash = desk.keeper->current()->hash;
  ASSERT_TRUE(desk.set_tier(model::Tier::L0));
  const auto changed = desk.text();
  // As the power left it between the commit and the rename.
  desk.write(first_text);
  store::Batch batch;
  batch.put(store::Table::policy, "pending", old_hash);
  ASSERT_TRUE(desk.store->commit_and_wait(std::move(batch)));
  desk.open();
  EXPECT_EQ(desk.text(), changed);
  EXPECT_EQ(desk.tier(), model::Tier::L0);
  EXPECT_EQ(desk.keeper->current()->version, 2U);
  // And a person who later writes the old text back means it.
  desk.write(first_text);
  desk.open();
  EXPECT_EQ(desk.tier(), model::Tier::L3);
  EXPECT_EQ(desk.keeper->current()->version, 3U);
}

TEST(PolicyKeeper, AnEditOfTheFileIsAVersionOfItsOwnAndAChangeComesOnTop) {
  Desk desk;
  desk.write("tenants:\n  acme: { tier: L3, limits: { block_ip: { per_hour: 5 } } }\n");
  ASSERT_TRUE(desk.set_tier(model::Tier::L2));
  EXPECT_EQ(desk.keeper->current()->version, 3U);
  EXPECT_EQ(policy_version(*desk.store, 2)->by.kind, "engine");
  EXPECT_THAT(desk.text(), HasSubstr("per_hour: 5"));
  EXPECT_EQ(desk.tier(), model::Tier::L2);
  // The tenant that the edit removed was told.
  EXPECT_EQ(desk.entries("other").back().body.at("changes").at(0).at("path"), "/tenants/other");
}

TEST(PolicyKeeper, AnEditOfTheFileIsSignedByWhoeverTheFileBelongsTo) {
  Desk desk;
  const std::string owner = getuid() == 0 ? "root" : getpwuid(getuid())->pw_name;
  EXPECT_EQ(desk.keeper->current()->reason,
            "the file that the engine began with; it belongs to " + owner);
  desk.write("tenants: { acme: { tier: L2 } }");
  ASSERT_TRUE(*desk.keeper->reload(*desk.gate));
  EXPECT_EQ(desk.keeper->current()->reason, "the file was changed; it belongs to " + owner);
  EXPECT_EQ(desk.keeper->current()->by.id, "file:policy.yaml");
}

TEST(PolicyKeeper, SaysWhatIsProbablyAMistakeInWhatItTakes) {
  Desk desk;
  EXPECT_THAT(desk.keeper->warnings(), HasSubstr("nobody is named who allowed L3"));
  desk.write(
      "tenants:\n  acme:\n    whitelist:\n"
      "      - { id: a, action: block_ip, target: 203.0.113.9, expires: 2001-01-01 }\n");
  ASSERT_TRUE(*desk.keeper->reload(*desk.gate));
  EXPECT_THAT(desk.keeper->warnings(), HasSubstr(":4:"));
  EXPECT_THAT(desk.keeper->warnings(), HasSubstr("it has expired"));
}

TEST(PolicyKeeper, OfTwoEditorsTheSecondIsToldAndChangesNothing) {
  Desk desk;
  ASSERT_TRUE(desk.set_tier(model::Tier::L2, "1"));
  const auto second = desk.set_tier(model::Tier::L4, "1");
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_EQ(desk.tier(), model::Tier::L2);
  EXPECT_TRUE(desk.set_tier(model::Tier::L1, desk.keeper->current()->hash));
}

TEST(PolicyKeeper, WhatIsFaultyOrHasNoReasonChangesNothing) {
  Desk desk;
  const PolicyEdit faulty{.make = [](const std::string&) -> Result<std::string> {
                            return "tenants: { a: { tier: L9 } }";
                          },
                          .by = {.kind = "analyst", .id = "carla"},
                          .reason = "r",
                          .expected = {}};
  const auto refused = desk.keeper->change(*desk.gate, faulty);
  EXPECT_EQ(refused.error().code, Errc::invalid_input);
  EXPECT_THAT(refused.error().detail, HasSubstr("/tenants/a/tier"));
  auto silent = faulty;
  silent.reason = " ";
  EXPECT_EQ(desk.keeper->change(*desk.gate, silent).error().code, Errc::invalid_input);
  EXPECT_EQ(desk.text(), first_text);
  EXPECT_EQ(desk.keeper->current()->version, 1U);
  EXPECT_EQ(desk.entries("acme").size(), 1U);
}

TEST(PolicyKeeper, AFileThatCannotBeWrittenIsSaidBeforeAnythingChanges) {
  Desk desk;
  auto taken = desk.file;
  taken += fmt::format(".{}.new", ::getpid());
  std::filesystem::create_directory(taken);
  const auto refused = desk.set_tier(model::Tier::L0);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_THAT(refused.error().detail, HasSubstr("cannot be written"));
  EXPECT_EQ(desk.keeper->current()->version, 1U);
  EXPECT_EQ(desk.tier(), model::Tier::L3);
}

TEST(PolicyKeeper, AFaultyFileIsNotWrittenOver) {
  Desk desk;
  desk.write("tenants: [");
  const auto refused = desk.set_tier(model::Tier::L0);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(desk.text(), "tenants: [");
  EXPECT_EQ(desk.set_tier(model::Tier::L0).error().code, Errc::conflict);  // reported before
}

TEST(PolicyKeeper, EveryVersionCanBeSeenByNumberAndByTime) {
  Desk desk;
  const auto begun = desk.clock.now();
  ASSERT_TRUE(desk.set_tier(model::Tier::L2));
  ASSERT_TRUE(desk.set_tier(model::Tier::L1));
  EXPECT_EQ(policy_at(*desk.store, begun)->version, 1U);
  EXPECT_EQ(policy_at(*desk.store, begun + std::chrono::seconds{90})->version, 2U);
  EXPECT_EQ(policy_at(*desk.store, begun + std::chrono::hours{1})->version, 3U);
  EXPECT_EQ(policy_at(*desk.store, begun - std::chrono::seconds{1}).error().code, Errc::not_found);
  EXPECT_EQ(policy_version(*desk.store, 9).error().code, Errc::not_found);
  const auto page = page_of_versions(*desk.keeper, {.tenant = {}, .cursor = {}, .limit = 2});
  ASSERT_EQ(page->items.size(), 2U);
  EXPECT_EQ(page->items.front().version, 3U);
  const auto rest =
      page_of_versions(*desk.keeper, {.tenant = {}, .cursor = page->next, .limit = 2});
  ASSERT_EQ(rest->items.size(), 1U);
  EXPECT_EQ(rest->items.front().version, 1U);
}

}  // namespace sallyport::app::testing
