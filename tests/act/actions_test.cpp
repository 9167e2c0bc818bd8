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

TEST(Actions, WhatAnEarlierVersionLeftUnderWayIsFoundAgain) {
  World world;
  const auto left = world.propose("203.0.113.7").first;
  const auto done = world.run(world.propose("203.0.113.8"));
  const auto over = world.propose("203.0.113.9").first;
  EXPECT_TRUE(world.wait(world.actions->change(over, {.to = ActionState::failed, .by = {}})));
  const auto under_way = [&] {
    std::vector<ActionId> ids;
    const auto actions = world.actions->under_way().value();
    for (const auto& action : actions) ids.push_back(action.id);
    return ids;
  };
  // As a store is that knew records alone.
  store::Batch without;
  for (const auto& action : {left, done, over}) {
    for (const auto* index : {"open", "under way"})
      without.erase(store::Table::actions, store::key({index, action.id.text()}));
    without.erase(store::Table::actions, store::key({"alike", deed_of(action.request)}));
  }
  ASSERT_TRUE(world.store->commit_and_wait(std::move(without)));
  world.restart();
  ASSERT_TRUE(under_way().empty());

  EXPECT_EQ(world.actions->mend_indexes().value(), 1U);
  EXPECT_EQ(under_way(), std::vector{left.id});
  EXPECT_EQ(world.actions->find_alike(left.request), left.id);
  EXPECT_EQ(world.actions->find_alike(done.request), done.id);
  EXPECT_EQ(world.actions->find_alike(over.request), std::nullopt);
  std::size_t open = 0;
  EXPECT_TRUE(world.actions->each_open([&](const model::Action&) { return ++open < 10; }));
  EXPECT_EQ(open, 2U);
  world.restart();
  EXPECT_EQ(world.actions->mend_indexes().value(), std::nullopt) << "once is enough";
}

TEST(Actions, OneWhoseBatchWasNotCommittedIsNotJoined) {
  World world;
  auto first = world.propose("203.0.113.7").first;
  first.id = ActionId::parse("01M8J4QY0PEDZDC18CZFQJE1J6").value();
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
