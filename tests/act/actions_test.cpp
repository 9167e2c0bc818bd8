#include "engine/act/actions.hpp"

#include "engine/act/life.hpp"
#include "engine/base/ulid.hpp"
#include "tests/act/world.hpp"

namespace sallyport::act::testing {

using model::ActionState;

TEST(Actions, OfTwoChangesToTheSameRecordOneCounts) {
  World world;
  const auto action = world.propose("203.0.113.7").first;
  EXPECT_TRUE(world.wait(world.actions->change(action, {.to = ActionState::intended, .by = {}})));
  const auto late =
      world.wait(world.actions->change(action, {.to = ActionState::failed, .by = {}}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::conflict);
}

TEST(Actions, AWayThatIsNotInTheTableIsRefused) {
  World world;
  const auto action = world.propose("203.0.113.7").first;
  const auto jumped =
      world.wait(world.actions->change(action, {.to = ActionState::verified, .by = {}}));
  ASSERT_FALSE(jumped);
  EXPECT_EQ(jumped.error().code, Errc::conflict);
}

TEST(Actions, OneWhoseBatchWasNotCommittedIsNotJoined) {
  World world;
  auto first = world.propose("203.0.113.7").first;
  first.request.target.value = "203.0.113.8";
  store::Batch lost;
  EXPECT_TRUE(world.actions->add(lost, first));
  EXPECT_EQ(world.actions->find_alike(first.request), first.id);
  world.actions->forget(first);
  EXPECT_EQ(world.actions->find_alike(first.request), std::nullopt);
  store::Batch batch;
  EXPECT_TRUE(world.actions->add(batch, first));
}

TEST(Actions, OneLikeItIsJoinedWhileItIsOpenAndYoung) {
  World world;
  const auto first = world.propose("203.0.113.7").first;
  EXPECT_EQ(world.actions->find_alike(first.request), first.id);
  store::Batch batch;
  EXPECT_FALSE(world.actions->add(batch, first));
  EXPECT_TRUE(batch.empty());
  world.restart();
  EXPECT_EQ(world.actions->find_alike(first.request), first.id);
  world.clock.move(std::chrono::hours{2});
  EXPECT_EQ(world.actions->find_alike(first.request), std::nullopt);
}

TEST(Actions, AnActionThatIsOverIsNotJoined) {
  World world;
  const auto first = world.propose("203.0.113.7").first;
  EXPECT_TRUE(world.wait(world.actions->change(first, {.to = ActionState::failed, .by = {}})));
  EXPECT_EQ(world.actions->find_alike(first.request), std::nullopt);
}

TEST(Actions, AListIsNewestFirstAndPaged) {
  World world;
  std::vector<std::string> ids;
  for (const auto* address : {"203.0.113.1", "203.0.113.2", "203.0.113.3"})
    ids.push_back(world.propose(address).first.id.text());
  const auto page = world.actions->list({.limit = 2}).value();
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].id.text(), ids[2]);
  const auto rest = world.actions->list({.before = page[1].id.text(), .limit = 2}).value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].id.text(), ids[0]);
  EXPECT_TRUE(world.actions->list({.state = ActionState::denied})->empty());
}

TEST(Life, EveryStateCanBeReachedAndLeftUnlessItIsAnEnd) {
  std::vector<ActionState> states;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<ActionState>>(
      [&](auto d) { states.push_back(d.value); });
  for (const auto state : states) {
    const bool left =
        std::ranges::any_of(states, [&](auto to) { return to != state && may_follow(state, to); });
    model::Action action{.state = state};
    action.rollback = model::RollbackRecord{.verb = "unblock_ip"};
    EXPECT_EQ(left, !is_over(action)) << name_of(state);
  }
}

}  // namespace sallyport::act::testing
