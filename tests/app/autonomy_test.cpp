#include "engine/app/autonomy.hpp"

#include "engine/app/overdue_reviews.hpp"
#include "engine/app/policy_edit.hpp"
#include "engine/store/ledger.hpp"
#include "tests/act/world.hpp"
#include "tests/store/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace sallyport::app::testing {

using ::testing::HasSubstr;

namespace {

constexpr auto first_text =
    "# ours\ntenants:\n  acme: { tier: L3, limits: { block_ip: { per_hour: 50 } } }\n";

/// A ledger that people's answers are written into, and what watches it.
struct Watch {
  explicit Watch(std::string_view text = first_text, std::size_t mailbox_size = 1000)
      : mailbox{mailbox_size} {
    write(text);
    open();
  }

  /// As at the start of the engine.
  void open() {
    autonomy.reset();
    keeper.reset();
    store.reset();
    store = store::Store::open({.directory = folder.path() / "data",
                                .listener = mailbox.listener({audit::TrackRecords::kinds.begin(),
                                                              audit::TrackRecords::kinds.end()})})
                .value();
    keeper.emplace(*store, catalogue, clock, file);
    auto policy = keeper->open();
    ASSERT_TRUE(policy) << policy.error().detail;
    gate.emplace(*std::move(policy));
    outbox.emplace(*store, clock, ids, std::vector<std::string>{});
    autonomy.emplace(*store,
                     mailbox,
                     *keeper,
                     *gate,
                     *outbox,
                     clock,
                     audit::DemotionRule{},
                     observe::Log::silent());
    ASSERT_TRUE(autonomy->load());
  }

  void write(std::string_view text) const { std::ofstream{file, std::ios::trunc} << text; }

  [[nodiscard]] std::string text() const {
    std::ifstream stream{file};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }

  /// The entries of `n` answers, as the rooms write them.
  void answer(model::EntryKind kind, int n) {
    for (int i = 0; i < n; ++i) {
      clock.move(std::chrono::seconds{1});
      store::Batch batch;
      batch.append("acme",
                   kind,
                   fmt::format("action{}", ++actions),
                   {.kind = "analyst", .id = "alice"},
                   clock.now(),
                   R"({"verb":"block_ip","target":{"kind":"ip","value":"203.0.113.9"}})");
      ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
    }
  }

  void deny(int n) { answer(model::EntryKind::denied, n); }

  std::size_t review() {
    const auto demoted = autonomy->review();
    EXPECT_TRUE(demoted) << demoted.error().detail;
    return demoted.value_or(99);
  }

  /// What the gate says to block_ip.
  [[nodiscard]] std::string decision(const std::string& kind = "ip") const {
    const auto decision = gate->preview({.tenant = "acme",
                                         .action = "block_ip",
                                         .target = {.kind = kind, .value = "203.0.113.9"},
                                         .confidence = 0.99,
                                         .requested_by = {.kind = "agent", .id = "i"}},
                                        clock.now());
    return fmt::format("{} {}", name_of(decision.decision), name_of(decision.reason));
  }

  /// Makes the folder refuse the file that would take the policy's place.
  [[nodiscard]] std::filesystem::path unwritable() const {
    auto taken = file;
    taken += fmt::format(".{}.new", ::getpid());
    std::filesystem::create_directory(taken);
    return taken;
  }

  [[nodiscard]] std::vector<std::string> told() const {
    std::vector<std::string> texts;
    const auto waiting = outbox->waiting("log", 10);
    for (const auto& one : *waiting) texts.push_back(one.text);
    return texts;
  }

  sallyport::testing::TemporaryDirectory folder;
  std::filesystem::path file = folder.path() / "policy.yaml";
  act::testing::ManualClock clock;
  UlidSource ids{7};
  LedgerMailbox mailbox;
  model::Catalogue catalogue = act::testing::World::catalogue();
  std::unique_ptr<store::Store> store;
  std::optional<PolicyKeeper> keeper;
  std::optional<gate::Gate> gate;
  std::optional<approve::Outbox> outbox;
  std::optional<Autonomy> autonomy;
  int actions = 0;
};

}  // namespace

TEST(Autonomy, TakesAVerbBackToTheQueueThatPeopleDisagreeWith) {
  Watch watch;
  watch.deny(4);
  EXPECT_EQ(watch.review(), 0U);
  EXPECT_EQ(watch.decision(), "auto tier");
  watch.deny(1);
  EXPECT_EQ(watch.review(), 1U);
  EXPECT_EQ(watch.decision(), "queued rate_limit");
  EXPECT_EQ(watch.decision("network"), "auto tier") << "of other targets nothing was said";

  const auto version = watch.keeper->current().value();
  EXPECT_EQ(version.by, (model::Actor{.kind = "engine", .id = "autonomy"}));
  EXPECT_EQ(version.reason,
            "block_ip: demoted: people agreed with 0 of the last 5 block_ip on ip (0 %); the floor "
            "is 80 %");
  EXPECT_THAT(watch.text(), HasSubstr("# ours"));
  EXPECT_THAT(watch.text(),
              HasSubstr("[{ per_hour: 50 }, { per_day: 0, when: { target.kind: ip }, reason: "
                        "\"demoted: people"));
  model::LedgerEntry last;
  ASSERT_TRUE(
      store::read_ledger(*watch.store, "acme", 1, [&](std::uint64_t, std::string_view line) {
        last = from_json<model::LedgerEntry>(line).value();
        return true;
      }));
  EXPECT_EQ(last.kind, model::EntryKind::policy_changed);
  EXPECT_EQ(last.actor.id, "autonomy");
  EXPECT_EQ(last.body.at("changes").at(0).at("path"), "/tenants/acme/limits/block_ip");
  ASSERT_EQ(watch.told().size(), 1U);
  EXPECT_THAT(watch.told().front(),
              HasSubstr("acme: block_ip on ip waits for a person from now on"));
  EXPECT_EQ(watch.review(), 0U);  // once is enough
}

TEST(Autonomy, CountsAcrossRestartsAndWhatItDidHoldsAcrossThem) {
  Watch watch;
  watch.deny(4);
  EXPECT_EQ(watch.review(), 0U);
  watch.open();
  EXPECT_EQ(watch.review(), 0U);
  watch.deny(1);
  watch.open();
  EXPECT_EQ(watch.review(), 1U);
  watch.open();
  EXPECT_EQ(watch.decision(), "queued rate_limit");
  EXPECT_EQ(watch.review(), 0U);
}

TEST(Autonomy, APersonUndoesItAndTheCountBeginsAnew) {
  Watch watch;
  watch.deny(5);
  EXPECT_EQ(watch.review(), 1U);
  watch.deny(3);  // while it waits in the queue
  EXPECT_EQ(watch.review(), 0U);
  watch.clock.move(std::chrono::minutes{1});
  watch.write(first_text);
  ASSERT_TRUE(*watch.keeper->reload(*watch.gate));
  EXPECT_EQ(watch.review(), 0U);
  EXPECT_EQ(watch.decision(), "auto tier");
  watch.open();
  EXPECT_EQ(watch.review(), 0U);
  EXPECT_EQ(watch.decision(), "auto tier");
  watch.deny(5);
  EXPECT_EQ(watch.review(), 1U);
}

TEST(Autonomy, LeavesAloneWhatWaitsForPeopleAnyhowUntilSomebodyPromotesIt) {
  Watch watch{"tenants: { acme: { tier: L2 } }\n"};
  watch.deny(7);
  EXPECT_EQ(watch.review(), 0U);
  EXPECT_EQ(watch.keeper->current()->version, 1U);
  watch.write("tenants: { acme: { tier: L3 } }\n");
  ASSERT_TRUE(*watch.keeper->reload(*watch.gate));
  EXPECT_EQ(watch.review(), 1U);
  EXPECT_EQ(watch.decision(), "queued rate_limit");
}

TEST(Autonomy, HoldsWhereTheFileCannotBeWrittenAndReachesItLater) {
  Watch watch;
  const auto taken = watch.unwritable();
  watch.deny(5);
  EXPECT_EQ(watch.review(), 1U);
  EXPECT_EQ(watch.decision(), "queued rate_limit");
  EXPECT_EQ(watch.text(), first_text);
  EXPECT_FALSE(*watch.keeper->reload(*watch.gate));  // the old text does not come back
  EXPECT_EQ(watch.decision(), "queued rate_limit");
  watch.open();
  EXPECT_EQ(watch.decision(), "queued rate_limit");
  EXPECT_EQ(watch.keeper->current()->version, 2U);
  EXPECT_TRUE(watch.keeper->ahead_of_file());

  std::filesystem::remove(taken);
  EXPECT_FALSE(*watch.keeper->reload(*watch.gate));
  EXPECT_THAT(watch.text(), HasSubstr("per_day: 0"));
  EXPECT_FALSE(watch.keeper->ahead_of_file());
  EXPECT_EQ(watch.keeper->current()->version, 2U);
}

TEST(Autonomy, OfAFileThatCouldNotBeWrittenTheNextEditorHasTheLastWord) {
  Watch watch;
  const auto taken = watch.unwritable();
  watch.deny(5);
  EXPECT_EQ(watch.review(), 1U);
  watch.clock.move(std::chrono::minutes{1});
  watch.write("tenants: { acme: { tier: L3 } }\n");
  ASSERT_TRUE(*watch.keeper->reload(*watch.gate));
  EXPECT_EQ(watch.decision(), "auto tier");
  EXPECT_EQ(watch.review(), 0U);
  EXPECT_FALSE(watch.keeper->ahead_of_file());
}

TEST(Autonomy, ADemotionThatAFaultyFileStandsInTheWayOfComesWhenItIsMended) {
  Watch watch;
  watch.write("tenants: [");
  watch.deny(5);
  EXPECT_EQ(watch.review(), 0U);
  EXPECT_EQ(watch.review(), 0U);
  watch.write(first_text);
  EXPECT_EQ(watch.review(), 1U);
  EXPECT_EQ(watch.decision(), "queued rate_limit");
}

TEST(Autonomy, ReadsTheLedgerAgainWhenItCouldNotKeepUp) {
  Watch watch{first_text, 2};
  watch.deny(4);
  EXPECT_EQ(watch.review(), 0U);
  watch.deny(1);
  EXPECT_EQ(watch.review(), 1U);
}

TEST(OverdueReviews, AreToldOnceAlsoAcrossRestarts) {
  constexpr auto text =
      "tenants: { acme: { tier: L3, authority: { owner: lead, review_by: 2026-11-20T12:00:00Z } } "
      "}\n";
  Watch watch{text};
  const auto look = [&] {
    OverdueReviews reviews{*watch.store, *watch.outbox};
    for (int i = 0; i < 2; ++i) {
      auto wait = [&]() -> asio::awaitable<void> {
        const auto looked = co_await reviews.look(watch.gate->policy(), watch.clock.now());
        EXPECT_TRUE(looked);
      };
      sallyport::testing::run(wait());
    }
    return watch.told().size();
  };
  EXPECT_EQ(look(), 0U);
  watch.clock.move(std::chrono::hours{3});
  EXPECT_EQ(look(), 1U);
  EXPECT_THAT(watch.told().front(), HasSubstr("due 2026-11-20T12:00:00Z by lead"));
  watch.open();
  EXPECT_EQ(look(), 1U);
  // A later review that is missed as well is another matter.
  watch.write("tenants: { acme: { tier: L3, authority: { review_by: 2026-11-20T12:30:00Z } } }\n");
  ASSERT_TRUE(*watch.keeper->reload(*watch.gate));
  EXPECT_EQ(look(), 2U);
}

}  // namespace sallyport::app::testing
