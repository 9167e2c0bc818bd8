#include "engine/approve/approvals.hpp"

#include "engine/base/ulid.hpp"
#include "engine/store/ledger.hpp"
#include "tests/act/world.hpp"

#include <boost/asio/detached.hpp>
#include <gmock/gmock.h>

namespace sallyport::approve {

using act::testing::World;
using model::ActionState;
using model::ApprovalState;
using ::testing::HasSubstr;

namespace {

/// Everything is queued at L0.
struct QueuedWorld : World {
  QueuedWorld() { gate.adopt(policy(policy_text("L0"))); }

  [[nodiscard]] static Answer answer(const model::Action& action, std::string who = "alice") {
    return {.request_hash = action.request_hash,
            .by = {.kind = "analyst", .id = std::move(who)},
            .comment = "looked at it"};
  }
};

}  // namespace

TEST(Approvals, AnApprovedActionRunsWithExactlyWhatWasShown) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  auto approved =
      world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action)));
  ASSERT_TRUE(approved) << approved.error().detail;
  EXPECT_EQ(approved->permit.request_hash(), action.request_hash);
  EXPECT_EQ(approved->action.state, ActionState::permitted);
  const auto ran =
      world.wait(world.executor->run(std::move(approved->action), std::move(approved->permit)));
  EXPECT_EQ(ran->state, ActionState::verified);
  const auto approval = world.approvals->get(action.id.text()).value();
  EXPECT_EQ(approval.state, ApprovalState::approved);
  EXPECT_EQ(approval.decided_by->id, "alice");
}

TEST(Approvals, AnApprovalOfAnotherRequestIsRefused) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  auto answer = QueuedWorld::answer(action);
  answer.request_hash = "sha256:0";
  const auto approved = world.wait(world.approvals->approve(action.id.text(), answer));
  ASSERT_FALSE(approved);
  EXPECT_EQ(approved.error().code, Errc::conflict);
  EXPECT_EQ(world.stored(action).state, ActionState::queued);
}

TEST(Approvals, OfTwoAtOnceOneCounts) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  asio::io_context loop{1};
  int approved = 0;
  int conflicts = 0;
  const auto ask = [&](std::string who) -> asio::awaitable<void> {
    const auto result =
        co_await world.approvals->approve(action.id.text(), QueuedWorld::answer(action, who));
    if (result) ++approved;
    if (!result && result.error().code == Errc::conflict) ++conflicts;
  };
  for (const auto* who : {"alice", "bob"}) asio::co_spawn(loop, ask(who), asio::detached);
  loop.run();
  EXPECT_EQ(approved, 1);
  EXPECT_EQ(conflicts, 1);
}

TEST(Approvals, WhoAskedForItCannotApproveIt) {
  QueuedWorld world;
  const auto action =
      world.propose("203.0.113.7", "block_ip", {.kind = "analyst", .id = "alice"}).first;
  const auto own =
      world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action)));
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, Errc::denied);
  EXPECT_TRUE(
      world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action, "bob"))));
}

TEST(Approvals, ADeniedActionIsOverAndSaysWhoAndWhy) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  EXPECT_TRUE(world.wait(world.approvals->deny(action.id.text(), QueuedWorld::answer(action))));
  EXPECT_EQ(world.stored(action).state, ActionState::denied);
  EXPECT_EQ(world.stored(action).detail, "looked at it");
  EXPECT_FALSE(
      world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action, "bob"))));
}

TEST(Approvals, WhatNobodyAnsweredInTimeIsExpiredAlsoAfterARestart) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  world.clock.move(std::chrono::hours{4} - std::chrono::seconds{1});
  EXPECT_EQ(world.wait(world.approvals->expire_due())->size(), 0U);
  world.clock.move(std::chrono::seconds{1});
  const auto late =
      world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::expired);
  world.restart();
  EXPECT_EQ(world.wait(world.approvals->expire_due())->size(), 1U);
  EXPECT_EQ(world.stored(action).state, ActionState::expired);
  EXPECT_TRUE(world.approvals->list({})->empty());
  EXPECT_EQ(world.wait(world.approvals->expire_due())->size(), 0U);
}

TEST(Approvals, ABlockThatCameBetweenStopsWhatAPersonApproves) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  world.gate.adopt(World::policy(
      parse_json(R"({"tenants":{"acme":{"tier":"L0","overrides":{"block_ip":{"block":true}}}}})")
          .value()));
  const auto approved =
      world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action)));
  ASSERT_FALSE(approved);
  EXPECT_EQ(approved.error().code, Errc::denied);
  EXPECT_THAT(approved.error().detail, HasSubstr("blocks"));
  EXPECT_EQ(world.stored(action).state, ActionState::blocked);
}

TEST(Approvals, AnApprovedActionThatWasNotBegunRunsAfterARestart) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  EXPECT_TRUE(world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action))));
  world.restart();
  const auto open = world.actions->open().value();
  ASSERT_EQ(open.size(), 1U);
  auto again = world.approvals->permit_again(open.front());
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::holds_alternative<gate::Permit>(*again));
}

TEST(Approvals, AnApprovedActionIsAskedAboutAgainWhenTheTierWasLoweredBeforeTheRestart) {
  QueuedWorld world;
  world.gate.adopt(World::policy(World::policy_text("L2")));
  const auto action = world.propose("203.0.113.7").first;
  EXPECT_TRUE(world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action))));
  EXPECT_EQ(world.approvals->get(action.id.text())->tier, model::Tier::L2);
  world.restart();
  world.gate.adopt(World::policy(World::policy_text("L1")));
  const auto again = world.approvals->permit_again(world.stored(action));
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::holds_alternative<gate::Queued>(*again));
}

TEST(Approvals, AnApprovalThatLayTooLongOverARestartIsAskedForAgain) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  EXPECT_TRUE(world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action))));
  world.restart();
  world.clock.move(std::chrono::minutes{15});
  const auto again = world.approvals->permit_again(world.stored(action));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_TRUE(std::holds_alternative<gate::Queued>(*again));
}

TEST(Approvals, ThePendingListIsOldestFirstAndPaged) {
  QueuedWorld world;
  std::vector<std::string> ids;
  for (const auto* address : {"203.0.113.1", "203.0.113.2", "203.0.113.3"})
    ids.push_back(world.propose(address).first.id.text());
  const auto page = world.approvals->list({.limit = 2}).value();
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].id.text(), ids[0]);
  const auto rest = world.approvals->list({.after = page[1].id.text()}).value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].id.text(), ids[2]);
}

}  // namespace sallyport::approve
