#include "engine/act/executor.hpp"

#include "engine/act/timed.hpp"
#include "engine/base/ulid.hpp"
#include "engine/store/ledger.hpp"
#include "engine/store/timers.hpp"
#include "tests/act/world.hpp"

#include <gmock/gmock.h>

namespace sallyport::act::testing {

using model::ActionState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

std::vector<std::string> ledger_kinds(const store::Store& store, const model::Action& action) {
  std::vector<std::string> kinds;
  EXPECT_TRUE(store::read_ledger(store, "acme", 1, [&](std::uint64_t, std::string_view line) {
    const auto entry = from_json<model::LedgerEntry>(line).value();
    if (entry.subject == action.id.text()) kinds.emplace_back(name_of(entry.kind));
    return true;
  }));
  return kinds;
}

}  // namespace

TEST(Executor, APermittedActionIsDoneAndVerifiedAndEveryStepIsInTheLedger) {
  World world;
  const auto ran = world.run(world.propose("203.0.113.7"));
  EXPECT_EQ(ran.state, ActionState::verified);
  EXPECT_TRUE(world.product->blocks("203.0.113.7"));
  EXPECT_THAT(ledger_kinds(*world.store, ran),
              ElementsAre("decided", "intended", "executing", "executed", "verified"));
  EXPECT_TRUE(store::verify_ledger(*world.store, "acme")->holds);
}

namespace {

/// A policy under which block_ip is HIGH and a whitelist entry lets it run and tells `soc`.
std::shared_ptr<const gate::Policy> whitelisting(const std::string& entry) {
  Faults faults;
  const auto high = model::Catalogue::read(
      parse_json(R"({"verbs":{"block_ip":{"blast_radius":"HIGH","targets":["ip"]}}})").value(),
      faults);
  return gate::Policy::compile(
      parse_json(fmt::format(R"({{"tenants":{{"acme":{{"tier":"L4","whitelist":[{{"id":"{}",
                     "action":"block_ip","target_cidr":"203.0.113.0/24","notify":"soc",
                     "expires":"2099-01-01T00:00:00Z"}}]}}}}}})",
                             entry))
          .value(),
      high,
      {},
      faults);
}

}  // namespace

TEST(Executor, TellsOfAWhitelistEntryThatFiresOnlyAtExecution) {
  World world;
  world.gate.adopt(whitelisting("one"));
  (void)world.run(world.propose("203.0.113.7"));
  EXPECT_THAT(world.fired, ElementsAre());  // told at its proposal
  auto proposed = world.propose("203.0.113.8");
  world.gate.adopt(whitelisting("two"));
  (void)world.run(std::move(proposed));
  EXPECT_THAT(world.fired, ElementsAre("two"));
}

TEST(Executor, IntentAndRollbackRecordAreDurableBeforeAnythingIsSent) {
  World world;
  auto proposed = world.propose("203.0.113.7");
  const auto action = proposed.first;
  model::Action at_sending;
  world.product->on_execute = [&](const Operation&) { at_sending = world.stored(action); };
  (void)world.run(std::move(proposed));
  EXPECT_EQ(at_sending.state, ActionState::executing);
  ASSERT_TRUE(at_sending.rollback);
  EXPECT_EQ(at_sending.rollback->verb, "unblock_ip");
  EXPECT_EQ(at_sending.rollback->pre_state.at("blocked"), false);
}

TEST(Executor, ATierDropBetweenPermitAndSendingPutsTheActionIntoTheQueue) {
  World world;
  // The state before is read after the first look at the policy and before the last one.
  world.product->on_read = [&] { world.gate.adopt(World::policy(World::policy_text("L1"))); };
  const auto ran = world.run(world.propose("203.0.113.7"));
  EXPECT_EQ(ran.state, ActionState::queued);
  EXPECT_EQ(world.product->executions, 0);
  EXPECT_TRUE(world.approvals->get(ran.id.text()));
}

TEST(Executor, ATierDropBetweenTwoAttemptsStopsTheSecond) {
  World world;
  world.product->execute_errors = {{Errc::unavailable, "connection refused"}};
  world.product->on_execute = [&](const Operation&) {
    world.gate.adopt(World::policy(World::policy_text("L1")));
  };
  const auto ran = world.run(world.propose("203.0.113.7"));
  EXPECT_EQ(ran.state, ActionState::queued);
  EXPECT_EQ(world.product->executions, 1);
  EXPECT_FALSE(world.product->blocks("203.0.113.7"));
}

TEST(Executor, AKillSwitchBetweenPermitAndSendingStopsTheAction) {
  World world;
  auto proposed = world.propose("203.0.113.7");
  world.gate.adopt(World::policy(
      parse_json(R"({"tenants":{"acme":{"tier":"L3","overrides":{"block_ip":{"block":true}}}}})")
          .value()));
  EXPECT_EQ(world.run(std::move(proposed)).state, ActionState::blocked);
  EXPECT_EQ(world.product->executions, 0);
}

TEST(Executor, WhatMustNotBeSentIsRefusedBeforeAnyRequest) {
  World world;
  const auto ran = world.run(world.propose("0.0.0.0/0"));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("would block everybody"));
  EXPECT_EQ(world.product->reads + world.product->executions, 0);
}

TEST(Executor, SaysWhichConnectorIsGone) {
  World world;
  auto proposed = world.propose("203.0.113.7");
  world.executor->take_away("fake");
  const auto ran = world.run(std::move(proposed));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_EQ(ran.detail, "no connector fake is configured");
}

TEST(Executor, WhatNoProductMayBeAskedForIsRefusedWhateverTheProductThinksOfIt) {
  World world;
  world.options.boundary = [](std::string_view verb, const model::Target& target) -> Result<> {
    if (verb == "block_ip" && target.value == "203.0.113.7")
      return fail(Errc::denied, "we live by that");
    return {};
  };
  world.restart();
  auto proposed = world.propose("203.0.113.7");
  EXPECT_EQ(world.executor->check(proposed.first).error().code, Errc::denied);
  EXPECT_EQ(world.executor->within_bounds(proposed.first.request).error().code, Errc::denied);
  const auto ran = world.run(std::move(proposed));
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_EQ(ran.detail, "refused: we live by that");
  EXPECT_EQ(world.product->reads + world.product->executions, 0);
  EXPECT_EQ(world.run(world.propose("203.0.113.8")).state, ActionState::verified);
}

TEST(Executor, AProductThatSaysYesAndDoesNothingIsNeverCalledVerified) {
  World world;
  world.product->does_it = false;
  const auto ran = world.run(world.propose("203.0.113.7"));
  EXPECT_EQ(ran.state, ActionState::succeeded);
  EXPECT_EQ(ran.verification->in_effect, false);
  EXPECT_THAT(world.stored(ran).detail, HasSubstr("unverified"));
}

TEST(Executor, AProductWithoutReadBackLeavesTheActionUnverified) {
  World world;
  world.product->tells = false;
  const auto ran = world.run(world.propose("203.0.113.7"));
  EXPECT_EQ(ran.state, ActionState::succeeded);
  EXPECT_EQ(ran.verification->in_effect, std::nullopt);
}

TEST(Executor, WhatIsInEffectAlreadyIsNotSentAgainAndNotUndone) {
  World world;
  world.product->block("203.0.113.7");
  const auto ran = world.run(world.propose("203.0.113.7"));
  EXPECT_EQ(ran.state, ActionState::verified);
  EXPECT_EQ(ran.outcome->status, model::OutcomeStatus::already_done);
  EXPECT_EQ(world.product->executions, 0);
  const auto undo = rollback_request(ran, {.kind = "analyst", .id = "alice"});
  ASSERT_FALSE(undo);
  EXPECT_THAT(undo.error().detail, HasSubstr("was so before"));
}

TEST(Executor, OnlyWhatWasNotSentIsTriedAgain) {
  World world;
  world.product->execute_errors = {{Errc::unavailable, "connection refused"}};
  EXPECT_EQ(world.run(world.propose("203.0.113.7")).state, ActionState::verified);
  EXPECT_EQ(world.product->executions, 2);

  world.product->execute_errors = {{Errc::denied, "no such right"}};
  const auto refused = world.run(world.propose("203.0.113.8"));
  EXPECT_EQ(refused.state, ActionState::failed);
  EXPECT_THAT(refused.detail, HasSubstr("no such right"));
  EXPECT_EQ(world.product->executions, 3);
}

TEST(Executor, AnUnclearAnswerIsSettledByReadingAndNeverSentAgain) {
  World world;
  world.product->answers = model::OutcomeStatus::unknown;
  EXPECT_EQ(world.run(world.propose("203.0.113.7")).state, ActionState::verified);
  world.product->does_it = false;
  EXPECT_EQ(world.run(world.propose("203.0.113.8")).state, ActionState::failed);
  world.product->tells = false;
  EXPECT_EQ(world.run(world.propose("203.0.113.9")).state, ActionState::unknown);
  EXPECT_EQ(world.product->executions, 3);
}

TEST(Executor, ARollbackRestoresAndTellsTheActionItUndoes) {
  World world;
  const auto ran = world.run(world.propose("203.0.113.7"));
  const auto undone = world.roll_back(ran);
  EXPECT_EQ(undone.state, ActionState::verified);
  EXPECT_FALSE(world.product->blocks("203.0.113.7"));
  EXPECT_EQ(world.stored(ran).state, ActionState::rolled_back);
  EXPECT_EQ(world.stored(ran).reversed_by, undone.id.text());
  EXPECT_FALSE(rollback_request(world.stored(ran), {.kind = "analyst", .id = "a"}));
}

TEST(Executor, ARollbackThatFailsStaysOpenAndCanBeTriedAgain) {
  World world;
  const auto ran = world.run(world.propose("203.0.113.7"));
  world.product->execute_errors = {{Errc::denied, "no"}};
  EXPECT_EQ(world.roll_back(ran).state, ActionState::failed);
  EXPECT_EQ(world.stored(ran).state, ActionState::rollback_failed);
  EXPECT_EQ(world.roll_back(world.stored(ran)).state, ActionState::verified);
  EXPECT_EQ(world.stored(ran).state, ActionState::rolled_back);
}

TEST(Executor, ActionsOnOneTargetNeverRunAtOnceAndOthersDo) {
  World world;
  world.product->takes = std::chrono::milliseconds{50};
  asio::io_context loop{1};
  const auto start = [&](std::pair<model::Action, std::optional<gate::Permit>> proposed) {
    asio::co_spawn(loop,
                   world.executor->run(std::move(proposed.first), *std::move(proposed.second)),
                   [](const std::exception_ptr&, const Result<model::Action>&) {});
  };
  start(world.propose("203.0.113.7", "block_ip"));
  start(world.propose("203.0.113.7", "unblock_ip"));
  start(world.propose("::ffff:203.0.113.7", "block_ip"));
  loop.run();
  EXPECT_EQ(world.product->executions, 3);
  EXPECT_EQ(world.product->most_at_once, 1);
  loop.restart();
  start(world.propose("203.0.113.8"));
  start(world.propose("203.0.113.9"));
  loop.run();
  EXPECT_EQ(world.product->most_at_once, 2);
}

TEST(Executor, OneTargetIsOneHoweverItIsSpeltAndWhoeverAsks) {
  const auto target = [](std::string kind, std::string value, json::object parameters = {}) {
    return target_of({.tenant = "acme",
                      .target = {.kind = std::move(kind), .value = std::move(value)},
                      .parameters = std::move(parameters)});
  };
  const auto host = target("host", "wks-0042");
  EXPECT_EQ(target("host", "WKS-0042"), host);
  EXPECT_EQ(target("host", "WKS-0042."), host);
  EXPECT_EQ(target("file", "/tmp/evil", {{"host", "Wks-0042"}}), host);
  EXPECT_NE(target("host", "wks-0043"), host);
  EXPECT_EQ(target("ip", "2001:DB8:0:0::1"), target("ip", "2001:db8::1"));
  EXPECT_EQ(target("ip", "64:ff9b::203.0.113.7"), target("ip", "203.0.113.7"));
  EXPECT_EQ(target_of({.tenant = "acme", .target = {.kind = "user", .value = "Alice"}}),
            target_of({.tenant = "other", .target = {.kind = "user", .value = "alice"}}));
}

TEST(Executor, AfterACrashWhatWasIntendedAndNeverSentWaitsForANewPermit) {
  for (const bool in_effect : {false, true}) {
    World world;
    auto action = world.propose("203.0.113.7").first;
    ASSERT_TRUE(world.wait(world.actions->change(action, {.to = ActionState::intended, .by = {}})));
    if (in_effect) world.product->block("203.0.113.7");  // by somebody else
    world.restart();
    const auto open = world.actions->under_way().value();
    ASSERT_EQ(open.size(), 1U);
    const auto settled = world.wait(world.executor->settle(open.front())).value();
    EXPECT_EQ(settled.state, ActionState::permitted);
    EXPECT_FALSE(settled.rollback);  // what was there before is read anew
    EXPECT_EQ(world.product->executions, 0);
  }
}

TEST(Executor, AfterACrashTheRealStateDecidesAndNothingIsSentAgain) {
  struct Case {
    bool in_effect;
    ActionState settled;
  };

  for (const auto& [in_effect, settled] : {
           Case{false, ActionState::failed},
           Case{true, ActionState::verified},
       }) {
    World world;
    auto action = world.propose("203.0.113.7").first;
    for (const auto to : {ActionState::intended, ActionState::executing})
      action = world.wait(world.actions->change(action, {.to = to, .by = {}})).value();
    if (in_effect) world.product->block("203.0.113.7");
    world.restart();
    const auto open = world.actions->under_way().value();
    ASSERT_EQ(open.size(), 1U);
    EXPECT_EQ(world.wait(world.executor->settle(open.front()))->state, settled);
    EXPECT_EQ(world.product->executions, 0);
  }
}

TEST(Executor, ATimedActionIsReleasedWhenTheProductLetGo) {
  World world;
  world.product->product = {{"ends_at", "2026-11-20T10:10:00Z"}};
  const auto ran = world.run(world.propose("203.0.113.7"));
  EXPECT_EQ(ran.ends_at, parse_rfc3339("2026-11-20T10:10:00Z").value());
  world.restart();
  world.clock.move(std::chrono::minutes{11});
  const auto due =
      store::due_timers(*world.store, store::TimerKind::action, world.clock.now(), 10).value();
  EXPECT_THAT(due, ElementsAre(ran.id.text()));

  EXPECT_FALSE(world.wait(world.executor->release(ran)));  // it still holds
  world.product->unblock("203.0.113.7");
  EXPECT_EQ(world.wait(world.executor->release(ran))->state, ActionState::released);
  EXPECT_TRUE(
      store::due_timers(*world.store, store::TimerKind::action, world.clock.now(), 10)->empty());
}

TEST(Executor, WhatTheProductCannotTimeIsToEndWhenItsTimeIsOver) {
  World world;
  const auto in_an_hour = world.clock.now() + std::chrono::hours{1};
  const auto timed = [&](const std::string& address) {
    return world.propose(address, "block_ip", {.kind = "agent"}, "", {{"duration_s", 3600}});
  };
  const auto ran = world.run(timed("203.0.113.7"));
  EXPECT_EQ(ran.ends_at, in_an_hour);
  EXPECT_FALSE(ends_itself(ran));

  world.product->block("203.0.113.8");
  EXPECT_FALSE(world.run(timed("203.0.113.8")).ends_at) << "it was blocked before us";

  world.product->answers = model::OutcomeStatus::unknown;
  EXPECT_EQ(world.run(timed("203.0.113.9")).ends_at, in_an_hour) << "settled by reading";

  // What cannot be read back holds until it is undone.
  world.product->tells = false;
  EXPECT_FALSE(world.wait(world.executor->release(ran)));
}

TEST(Executor, WhatSomebodyDidFirstIsNotOursToUndoOrToEnd) {
  World world;
  world.product->answers = model::OutcomeStatus::already_done;
  const auto ran = world.run(
      world.propose("203.0.113.7", "block_ip", {.kind = "agent"}, "", {{"duration_s", 60}}));
  EXPECT_EQ(ran.state, ActionState::verified);
  EXPECT_FALSE(ran.ends_at);
  EXPECT_FALSE(rollback_request(ran, {}));
}

TEST(Executor, TheBellOfATimedActionIsMovedAndTakenAway) {
  World world;
  const auto ran = world.run(
      world.propose("203.0.113.7", "block_ip", {.kind = "agent"}, "", {{"duration_s", 60}}));
  const auto due = [&] {
    return store::due_timers(*world.store, store::TimerKind::action, world.clock.now(), 10).value();
  };
  world.clock.move(std::chrono::minutes{1});
  EXPECT_THAT(due(), ElementsAre(ran.id.text()));
  (void)world.wait(world.actions->end_later(ran, world.clock.now() + std::chrono::minutes{15}));
  EXPECT_TRUE(due().empty());
  world.clock.move(std::chrono::minutes{15});
  EXPECT_THAT(due(), ElementsAre(ran.id.text()));
  EXPECT_EQ(world.roll_back(ran).state, ActionState::verified);
  EXPECT_TRUE(due().empty());
}

}  // namespace sallyport::act::testing
