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

/// The body of the last entry of that kind.
json::object last_body(const QueuedWorld& world, model::EntryKind kind) {
  json::object body;
  EXPECT_TRUE(
      store::read_ledger(*world.store, "acme", 1, [&](std::uint64_t, std::string_view line) {
        auto entry = from_json<model::LedgerEntry>(line).value();
        if (entry.kind == kind) body = std::move(entry.body);
        return true;
      }));
  return body;
}

TEST(Approvals, WithChangesAreOfTheChangedRequestAndSayWhatWasChanged) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  auto answer = QueuedWorld::answer(action);
  answer.with = json::object{{"duration_s", 3600}};
  auto approved = world.wait(world.approvals->approve(action.id.text(), answer));
  ASSERT_TRUE(approved) << approved.error().detail;

  auto expected = action.request;
  expected.parameters = {{"duration_s", 3600}};
  const auto hash = model::request_hash(expected);
  EXPECT_NE(hash, action.request_hash);
  EXPECT_EQ(approved->permit.request_hash(), hash);
  EXPECT_EQ(world.stored(action).request_hash, hash);
  EXPECT_EQ(to_json(world.stored(action).request), to_json(expected));
  EXPECT_EQ(world.approvals->get(action.id.text())->request_hash, hash);

  const auto answered = last_body(world, model::EntryKind::approved);
  EXPECT_EQ(answered.at("request_hash"), json::value(hash));
  EXPECT_EQ(answered.at("changed"),
            json::value(
                {{"from", {{"request_hash", action.request_hash}, {"parameters", json::object{}}}},
                 {"to", {{"request_hash", hash}, {"parameters", {{"duration_s", 3600}}}}}}));
  const auto decided = last_body(world, model::EntryKind::decided);
  EXPECT_EQ(decided.at("request_hash"), json::value(hash));

  world.restart();
  auto again = world.approvals->permit_again(world.stored(action));
  ASSERT_TRUE(again) << again.error().detail;
  const auto ran = world.wait(
      world.executor->run(world.stored(action), std::get<gate::Permit>(*std::move(again))));
  ASSERT_TRUE(ran) << ran.error().detail;
  EXPECT_EQ(ran->state, ActionState::verified);
}

TEST(Approvals, AreOfWhatWasShownWhenNothingIsChanged) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  auto answer = QueuedWorld::answer(action);
  answer.with = json::object{{"duration_s", nullptr}};
  EXPECT_TRUE(world.wait(world.approvals->approve(action.id.text(), answer)));
  EXPECT_FALSE(last_body(world, model::EntryKind::approved).contains("changed"));
}

TEST(Approvals, RefuseWhatCannotBeChangedAndLeaveTheQuestionOpen) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  const auto refused = [&](json::object with, const std::string& who = "alice") {
    auto answer = QueuedWorld::answer(action, who);
    answer.with = std::move(with);
    const auto approved = world.wait(world.approvals->approve(action.id.text(), answer));
    EXPECT_FALSE(approved);
    EXPECT_EQ(world.stored(action).state, ActionState::queued);
    EXPECT_EQ(to_json(world.stored(action).request), to_json(action.request));
    EXPECT_EQ(world.approvals->get(action.id.text())->request_hash, action.request_hash);
    return approved ? std::string{} : approved.error().detail;
  };
  EXPECT_THAT(
      refused({{"durations", 3600}}),
      HasSubstr(
          "/parameters/durations: the verb has no such parameter; did you mean 'duration_s'?"));
  EXPECT_EQ(refused({{"duration_s", "long"}}), "/parameters/duration_s: must be of type integer");
  EXPECT_EQ(refused({{"duration_s", 5}}), "/parameters/duration_s: must be at least 60");
  EXPECT_THAT(refused({{"host", "fw2"}}), HasSubstr("another place is another action"));

  world.gate.adopt(World::policy(parse_json(R"({"tenants":{"acme":{"overrides":{"block_ip":
      {"block":true,"when":{"parameters.duration_s|gte":86400}}}}}})")
                                     .value()));
  EXPECT_THAT(refused({{"duration_s", 90000}}),
              HasSubstr("the policy blocks it as you changed it"));
  EXPECT_TRUE(world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action))));
}

TEST(Approvals, WhoAskedForItCannotApproveItChangedEither) {
  QueuedWorld world;
  const auto action =
      world.propose("203.0.113.7", "block_ip", {.kind = "analyst", .id = "alice"}).first;
  auto answer = QueuedWorld::answer(action);
  answer.with = json::object{{"duration_s", 3600}};
  const auto own = world.wait(world.approvals->approve(action.id.text(), answer));
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, Errc::denied);
}

TEST(Approvals, OfARollbackAreOfWhatIsOnRecord) {
  QueuedWorld world;
  const auto action =
      world.propose("203.0.113.7", "block_ip", {.kind = "agent", .id = "i"}, "01J0").first;
  auto answer = QueuedWorld::answer(action);
  answer.with = json::object{{"duration_s", 3600}};
  const auto changed = world.wait(world.approvals->approve(action.id.text(), answer));
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().detail, HasSubstr("a rollback undoes what is on record"));
}

TEST(Approvals, AnApprovedActionThatWasNotBegunRunsAfterARestart) {
  QueuedWorld world;
  const auto action = world.propose("203.0.113.7").first;
  EXPECT_TRUE(world.wait(world.approvals->approve(action.id.text(), QueuedWorld::answer(action))));
  world.restart();
  const auto open = world.actions->under_way().value();
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
