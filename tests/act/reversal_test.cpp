#include "engine/act/reversal.hpp"

#include "engine/act/life.hpp"
#include "tests/act/world.hpp"

#include <gmock/gmock.h>

namespace sallyport::act::testing {
namespace {

using model::ActionState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Reversal, OneThatFailsIsToldEachTimeStaysOpenAndCanBeTriedAgain) {
  World world;
  const auto ran = world.run(world.propose("203.0.113.7"));
  const std::pair loud{Notice::rollback_failed, ran.id.text()};

  world.product->execute_errors = {{Errc::denied, "not allowed"}};
  EXPECT_EQ(world.roll_back(ran).state, ActionState::failed);
  auto original = world.stored(ran);
  EXPECT_EQ(original.state, ActionState::rollback_failed);
  EXPECT_THAT(original.detail, HasSubstr("not allowed"));
  EXPECT_FALSE(is_over(original));
  EXPECT_THAT(world.told, ElementsAre(loud));

  world.product->execute_errors = {{Errc::denied, "still not"}};
  EXPECT_EQ(world.roll_back(original).state, ActionState::failed);
  EXPECT_THAT(world.told, ElementsAre(loud, loud));
  EXPECT_THAT(world.stored(ran).detail, HasSubstr("still not"));
  EXPECT_TRUE(world.product->blocks("203.0.113.7"));

  EXPECT_EQ(world.roll_back(world.stored(ran)).state, ActionState::verified);
  original = world.stored(ran);
  EXPECT_EQ(original.state, ActionState::rolled_back);
  EXPECT_TRUE(is_over(original));
  EXPECT_FALSE(world.product->blocks("203.0.113.7"));
}

TEST(Reversal, TheRecordNamesConnectorProductIdsStateBeforeInverseAndOutcome) {
  World world;
  world.product->product = {{"rule", "r-17"}};
  const auto ran = world.stored(world.run(world.propose("203.0.113.7")));
  ASSERT_TRUE(ran.rollback && ran.outcome);
  EXPECT_EQ(ran.rollback->connector, "fake");
  EXPECT_EQ(ran.rollback->verb, "unblock_ip");
  EXPECT_EQ(ran.rollback->pre_state.at("blocked"), false);
  EXPECT_EQ(ran.outcome->product.at("rule"), "r-17");
  EXPECT_EQ(ran.outcome->status, model::OutcomeStatus::succeeded);
}

TEST(Reversal, OfSeveralOnOneTargetNoneIsDoneBeforeTheOneThatComesFirst) {
  World world;
  const auto ran = world.run(world.propose("203.0.113.7"));
  auto [rollback, permit] =
      world.propose("203.0.113.7", "unblock_ip", {.kind = "analyst", .id = "alice"}, ran.id.text());
  EXPECT_EQ(missing_before(*world.actions, rollback), "");
  rollback.request.context["after"] = "01J00000000000000000000000";
  EXPECT_THAT(missing_before(*world.actions, rollback), HasSubstr("comes first"));
  rollback.request.context["after"] = ran.id.text();  // one that worked
  EXPECT_EQ(missing_before(*world.actions, rollback), "");
}

}  // namespace
}  // namespace sallyport::act::testing
