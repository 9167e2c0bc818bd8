#include "engine/act/product.hpp"

#include "tests/act/world.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gmock/gmock.h>

namespace sallyport::act::testing {
namespace {

using namespace std::chrono_literals;
using model::ActionState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Error silent{Errc::unavailable, "connection refused"};

/// A world whose product is left alone after two silences.
struct WaryWorld : World {
  WaryWorld() {
    options.product.attempts = 1;
    options.product.breaker = {.failures = 2, .open_for = 20ms};
    restart();
  }

  void silence() {
    product->read_error = silent;
    (void)run(propose("198.51.100.1"));
    (void)run(propose("198.51.100.2"));
  }

  [[nodiscard]] ProductHealth health() const { return executor->products().health().front(); }
};

TEST(Product, WhatADeadProductWasToDoGoesToAPersonAndNothingIsSent) {
  WaryWorld world;
  world.silence();
  const auto reads = world.product->reads;
  const auto held = world.run(world.propose("203.0.113.7"));
  EXPECT_EQ(held.state, ActionState::queued);
  EXPECT_THAT(held.detail, HasSubstr("nothing is sent to fake"));
  EXPECT_THAT(held.detail, HasSubstr("connection refused"));
  EXPECT_TRUE(world.approvals->get(held.id.text()));
  EXPECT_EQ(world.product->reads, reads);
  EXPECT_EQ(world.health().breaker, BreakerState::open);
  EXPECT_THAT(world.turns, ElementsAre(BreakerState::open));
}

TEST(Product, WhatWasHeldRunsWhenAPersonSaysYesAndTheProductIsBack) {
  WaryWorld world;
  world.silence();
  const auto held = world.run(world.propose("203.0.113.7"));
  world.product->read_error.reset();
  world.options.product.wait_for = 5s;
  world.restart();  // with patience; the new engine does not know that the product was silent
  auto approved = world.wait(world.approvals->approve(
      held.id.text(),
      {.request_hash = held.request_hash, .by = {.kind = "analyst", .id = "alice"}}));
  ASSERT_TRUE(approved) << approved.error().detail;
  const auto ran = world.wait(world.executor->run(approved->action, std::move(approved->permit)));
  EXPECT_EQ(ran->state, ActionState::verified);
}

TEST(Product, ActionsWaitForAProductThatComesBackInTime) {
  WaryWorld world;
  world.options.product.wait_for = 10s;
  world.restart();
  world.silence();
  world.product->read_error.reset();
  const auto ran = world.run(world.propose("203.0.113.7"));
  EXPECT_EQ(ran.state, ActionState::verified);
  EXPECT_THAT(world.turns, ElementsAre(BreakerState::open, BreakerState::closed));
  EXPECT_EQ(world.health().failures, 0U);
}

TEST(Product, AnAnswerThatRefusesIsNoSilence) {
  WaryWorld world;
  world.product->execute_errors.assign(10, {Errc::denied, "not allowed"});
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(world.run(world.propose(fmt::format("203.0.113.{}", i))).state, ActionState::failed);
  EXPECT_EQ(world.health().breaker, BreakerState::closed);
}

TEST(Product, OneWithLimitsOfItsOwnGoesByThem) {
  WaryWorld world;
  auto own = world.options.product;
  own.breaker.failures = 3;
  world.options.product_of.emplace("fake", own);
  world.restart();
  world.silence();
  EXPECT_EQ(world.health().breaker, BreakerState::closed);
  (void)world.run(world.propose("198.51.100.3"));
  EXPECT_EQ(world.health().breaker, BreakerState::open);

  own.breaker.failures = 1;
  world.executor->put(world.product, own);
  (void)world.run(world.propose("198.51.100.4"));
  EXPECT_EQ(world.health().breaker, BreakerState::open);
}

TEST(Product, OneIsWaitedForAsLongAsItsOwnLimitsSay) {
  WaryWorld world;
  world.options.product.wait_for = 1h;  // for all the others
  world.options.product.breaker.open_for = 1h;
  auto own = world.options.product;
  own.wait_for = 1ms;
  world.options.product_of.emplace("fake", own);
  world.restart();
  world.silence();
  EXPECT_EQ(world.run(world.propose("203.0.113.7")).state, ActionState::queued);
}

TEST(Product, NoMoreRequestsAreUnderWayThanItBears) {
  World world;
  world.options.product.at_once = 3;
  world.restart();
  world.product->takes = 5ms;
  std::vector<std::pair<model::Action, std::optional<gate::Permit>>> proposed;
  for (int i = 0; i < 20; ++i) proposed.push_back(world.propose(fmt::format("203.0.113.{}", i)));
  asio::io_context loop{1};
  int ended = 0;
  for (auto& [action, permit] : proposed) {
    asio::co_spawn(loop,
                   world.executor->run(std::move(action), *std::move(permit)),
                   [&](const std::exception_ptr&, const Result<model::Action>& ran) {
                     ended += ran && ran->state == ActionState::verified ? 1 : 0;
                   });
  }
  loop.run();
  EXPECT_EQ(ended, 20);
  EXPECT_EQ(world.product->most_at_once, 3);
  EXPECT_EQ(world.executor->products().health().front().waiting, 0U);
}

TEST(Product, AllWhoWaitWhenItFallsSilentAreHeldWhenTheirPatienceEnds) {
  WaryWorld world;
  world.options.product.at_once = 1;
  world.options.product.breaker = {.failures = 2, .open_for = 1h};
  world.options.product.wait_for = 20ms;
  world.restart();
  world.product->read_error = silent;
  std::vector<std::pair<model::Action, std::optional<gate::Permit>>> proposed;
  for (int i = 0; i < 6; ++i) proposed.push_back(world.propose(fmt::format("203.0.113.{}", i)));
  asio::io_context loop{1};
  std::map<ActionState, int> ended;
  for (auto& [action, permit] : proposed) {
    asio::co_spawn(loop,
                   world.executor->run(std::move(action), *std::move(permit)),
                   [&](const std::exception_ptr&, const Result<model::Action>& ran) {
                     if (ran) ++ended[ran->state];
                   });
  }
  loop.run();
  EXPECT_EQ(ended[ActionState::failed], 2);  // whose silence it was
  EXPECT_EQ(ended[ActionState::queued], 4);
}

TEST(Product, WhoeverIsCancelledWhileWaitingGivesThePlaceBack) {
  World world;
  world.options.product.at_once = 1;
  world.restart();
  world.product->takes = 30ms;
  auto first = world.propose("203.0.113.1");
  auto second = world.propose("203.0.113.2");
  auto third = world.propose("203.0.113.3");
  asio::io_context loop{1};
  std::optional<ActionState> last;
  const auto begin = [&](auto& proposed, auto token) {
    asio::co_spawn(loop,
                   world.executor->run(std::move(proposed.first), *std::move(proposed.second)),
                   std::move(token));
  };
  begin(first, [](const std::exception_ptr&, const Result<model::Action>&) {});
  asio::cancellation_signal stop;
  begin(second,
        asio::bind_cancellation_slot(
            stop.slot(), [](const std::exception_ptr&, const Result<model::Action>&) {}));
  begin(third, [&](const std::exception_ptr&, const Result<model::Action>& ran) {
    if (ran) last = ran->state;
  });
  asio::steady_timer timer{loop, 10ms};
  timer.async_wait(
      [&](boost::system::error_code) { stop.emit(asio::cancellation_type::terminal); });
  loop.run();
  EXPECT_EQ(last, ActionState::verified);
}

}  // namespace
}  // namespace sallyport::act::testing
