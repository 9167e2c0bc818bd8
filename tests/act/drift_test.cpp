#include "engine/store/ledger.hpp"
#include "engine/store/timers.hpp"
#include "tests/act/world.hpp"

#include <gmock/gmock.h>

namespace sallyport::act::testing {
namespace {

using model::ActionState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct WatchedWorld : World {
  /// Moves the clock to the next look that is due, and looks. Empty: none is due within a day.
  std::optional<std::string> look() {
    for (int minute = 0; minute < 24 * 60; ++minute) {
      clock.move(std::chrono::minutes{1});
      const auto due = store::due_timers(*store, store::TimerKind::look, clock.now(), 10).value();
      if (due.empty()) continue;
      EXPECT_EQ(due.size(), 1U);
      EXPECT_TRUE(wait(executor->look_again(due.front())));
      return due.front();
    }
    return std::nullopt;
  }

  std::vector<std::string> kinds() {
    std::vector<std::string> kinds;
    EXPECT_TRUE(store::read_ledger(*store, "acme", 1, [&](std::uint64_t, std::string_view line) {
      kinds.emplace_back(name_of(from_json<model::LedgerEntry>(line)->kind));
      return true;
    }));
    return kinds;
  }
};

TEST(Drift, WhatSomebodyUndidOutsideIsRecordedAndToldOnceAndNotDoneAgain) {
  WatchedWorld world;
  const auto ran = world.run(world.propose("203.0.113.7"));
  world.product->unblock("203.0.113.7");
  ASSERT_TRUE(world.look());
  const auto drifted = world.stored(ran);
  EXPECT_EQ(drifted.state, ActionState::verified);
  ASSERT_TRUE(drifted.drift);
  EXPECT_EQ(drifted.drift->detail, "is not blocked");
  EXPECT_THAT(drifted.detail, HasSubstr("somebody undid it"));
  EXPECT_EQ(world.kinds().back(), "drifted");
  EXPECT_THAT(world.told, ElementsAre(std::pair{Notice::drifted, ran.id.text()}));

  const auto entries = world.kinds().size();
  ASSERT_TRUE(world.look());
  EXPECT_EQ(world.kinds().size(), entries);
  EXPECT_EQ(world.told.size(), 1U);
  EXPECT_EQ(world.product->executions, 1);
}

TEST(Drift, WhenItIsInEffectAgainThatIsRecordedAndToldToo) {
  WatchedWorld world;
  const auto ran = world.run(world.propose("203.0.113.7"));
  world.product->unblock("203.0.113.7");
  ASSERT_TRUE(world.look());
  world.product->block("203.0.113.7");
  ASSERT_TRUE(world.look());
  EXPECT_FALSE(world.stored(ran).drift);
  EXPECT_EQ(world.kinds().back(), "restored");
  EXPECT_EQ(world.told.back(), (std::pair{Notice::restored, ran.id.text()}));
}

TEST(Drift, LooksGoOnAfterARestartAndEndWithTheirTime) {
  WatchedWorld world;
  world.options.verify.watch.lasting = std::chrono::hours{5};
  world.restart();
  (void)world.run(world.propose("203.0.113.7"));
  world.restart();
  int looks = 0;
  while (world.look()) ++looks;
  EXPECT_GE(looks, 4);
  EXPECT_LE(looks, 7);
}

TEST(Drift, AnActionThatWasRolledBackIsNotLookedAtAnyMore) {
  WatchedWorld world;
  const auto ran = world.run(world.propose("203.0.113.7"));
  (void)world.roll_back(ran);
  const auto reads = world.product->reads;
  EXPECT_TRUE(world.look());  // the timer that was set before
  EXPECT_FALSE(world.look());
  EXPECT_EQ(world.product->reads, reads);
  EXPECT_THAT(world.told, IsEmpty());
}

TEST(Drift, WhatDriftedCanStillBeRolledBack) {
  WatchedWorld world;
  const auto ran = world.run(world.propose("203.0.113.7"));
  world.product->unblock("203.0.113.7");
  ASSERT_TRUE(world.look());
  (void)world.roll_back(world.stored(ran));
  const auto undone = world.stored(ran);
  EXPECT_EQ(undone.state, ActionState::rolled_back);
  EXPECT_FALSE(undone.drift);
}

TEST(Drift, AProductThatDoesNotAnswerShowsNothing) {
  WatchedWorld world;
  const auto ran = world.run(world.propose("203.0.113.7"));
  world.product->read_error = Error{Errc::denied, "who are you"};
  ASSERT_TRUE(world.look());
  EXPECT_FALSE(world.stored(ran).drift);
  EXPECT_TRUE(world.look());
}

TEST(Drift, LooksAtWhatWasDoneTogetherAreSpread) {
  const WatchRule rule{.every = std::chrono::hours{1}};
  const auto now = parse_rfc3339("2026-11-20T10:00:00Z").value();
  model::Action action{.state = ActionState::verified,
                       .rollback = model::RollbackRecord{.verb = "unblock_ip", .recorded_at = now}};
  UlidSource ids{7};
  std::set<Time> minutes;
  for (int i = 0; i < 200; ++i) {
    action.id = ActionId::parse(ids.next(now)).value();
    const auto at = next_look(rule, action, now).value();
    EXPECT_GE(at, now + std::chrono::minutes{45});
    EXPECT_LE(at, now + std::chrono::minutes{75});
    minutes.insert(std::chrono::floor<std::chrono::minutes>(at));
  }
  EXPECT_GT(minutes.size(), 20U);
}

TEST(Unclear, AnActionOfWhichNobodyKnowsIsToldOnceAndSettledWhenTheProductSpeaks) {
  WatchedWorld world;
  world.product->answers = model::OutcomeStatus::unknown;
  world.product->on_execute = [&](const Operation&) {
    world.product->read_error = Error{Errc::unavailable, "no answer"};
  };
  world.options.product.attempts = 1;
  world.restart();
  const auto ran = world.run(world.propose("203.0.113.7"));
  EXPECT_EQ(ran.state, ActionState::unknown);
  EXPECT_THAT(world.told, ElementsAre(std::pair{Notice::unclear, ran.id.text()}));
  ASSERT_TRUE(world.look());
  EXPECT_EQ(world.stored(ran).state, ActionState::unknown);
  EXPECT_EQ(world.told.size(), 1U);

  world.product->read_error.reset();
  ASSERT_TRUE(world.look());
  EXPECT_EQ(world.stored(ran).state, ActionState::verified);
  EXPECT_EQ(world.product->executions, 1);
}

}  // namespace
}  // namespace sallyport::act::testing
