#include "engine/base/turnstile.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

namespace sallyport {
namespace {

using namespace std::chrono_literals;
using Steady = Deadline::Clock;

Claim claim(std::string party, Steady::duration patience = 10s, std::int64_t cost = 1) {
  const auto now = Steady::now();
  return {.party = std::move(party),
          .urgency = 0,
          .due = now + 30s,
          .until = now + patience,
          .cost = cost};
}

/// People who want through a turnstile, on one loop.
struct World {
  asio::io_context loop;
  std::string order;  ///< A letter for whoever got through; small where it did not.

  asio::awaitable<void> pass(Turnstile& turnstile,
                             char name,
                             Claim wants,
                             Steady::duration stays = 1ms) {
    auto pass = co_await turnstile.enter(std::move(wants));
    if (!pass) {
      order += pass.error().code == Errc::expired ? static_cast<char>(name + 32) : '!';
      co_return;
    }
    order += name;
    asio::steady_timer timer{co_await asio::this_coro::executor, stays};
    co_await timer.async_wait(asio::use_awaitable);
  }

  void spawn(Turnstile& turnstile, char name, Claim wants, Steady::duration stays = 1ms) {
    asio::co_spawn(loop,
                   pass(turnstile, name, std::move(wants), stays),
                   [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
  }
};

TEST(Turnstile, LetsSoManyThroughAtOnceAndTheOthersInTheirTurn) {
  World world;
  Turnstile turnstile{{.at_once = 2}};
  for (const char name : {'A', 'B', 'C', 'D'}) world.spawn(turnstile, name, claim("storm"));
  world.spawn(turnstile, 'X', claim("calm"));
  world.loop.poll();
  EXPECT_EQ(turnstile.inside(), 2U);
  EXPECT_EQ(turnstile.waiting(), 3U);
  EXPECT_FALSE(turnstile.has_room());
  world.loop.restart();
  world.loop.run();
  EXPECT_EQ(world.order.size(), 5U);
  EXPECT_LT(world.order.find('X'), world.order.find('D')) << world.order;
  EXPECT_EQ(turnstile.inside(), 0U);
  EXPECT_TRUE(turnstile.has_room());
}

TEST(Turnstile, TellsWhoseTurnDidNotComeInTime) {
  World world;
  Turnstile turnstile{{.at_once = 1}};
  world.spawn(turnstile, 'A', claim("acme"), 60ms);
  world.spawn(turnstile, 'B', claim("acme", 20ms));
  world.spawn(turnstile, 'C', claim("acme"));
  world.loop.run();
  EXPECT_EQ(world.order, "AbC");
  EXPECT_EQ(turnstile.waiting(), 0U);
}

TEST(Turnstile, GivesTheTurnOfOneThatIsCancelledToTheNext) {
  World world;
  Turnstile turnstile{{.at_once = 1}};
  asio::cancellation_signal cancel;
  world.spawn(turnstile, 'A', claim("acme"), 5ms);
  asio::co_spawn(world.loop,
                 world.pass(turnstile, 'B', claim("acme")),
                 asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&) {}));
  world.spawn(turnstile, 'C', claim("acme"));
  world.loop.poll();
  cancel.emit(asio::cancellation_type::terminal);
  world.loop.restart();
  world.loop.run();
  EXPECT_EQ(world.order, "A!C");
  EXPECT_EQ(turnstile.inside(), 0U);
}

TEST(Turnstile, LetsThroughWhatFlowsInAMinute) {
  World world;
  Turnstile turnstile{{.at_once = 10, .per_minute = 60'000}};
  const auto started = Steady::now();
  world.spawn(turnstile, 'A', claim("acme", 10s, 60'000));
  world.spawn(turnstile, 'B', claim("acme", 10s, 50));
  world.spawn(turnstile, 'C', claim("acme", 10ms, 500));
  world.loop.run();
  EXPECT_EQ(world.order, "AcB");
  EXPECT_GE(Steady::now() - started, 50ms) << "a thousand flow in a second";
}

asio::awaitable<void> costs_less_than_it_claimed(Turnstile& turnstile) {
  auto first = co_await turnstile.enter(claim("acme", 10s, 60'000));
  EXPECT_FALSE(turnstile.has_room());
  if (first) first->settle(1000);
  EXPECT_TRUE(turnstile.has_room());
  const auto second = co_await turnstile.enter(claim("acme", 1ms, 50'000));
  EXPECT_TRUE(second);
}

TEST(Turnstile, TakesBackWhatWasClaimedAndNotUsed) {
  asio::io_context loop;
  Turnstile turnstile{{.at_once = 10, .per_minute = 60'000}};
  asio::co_spawn(loop, costs_less_than_it_claimed(turnstile), [](const std::exception_ptr& thrown) {
    EXPECT_FALSE(thrown);
  });
  loop.run();
}

TEST(Turnstile, ServesWhatCostsMoreThanAMinuteBrings) {
  World world;
  Turnstile turnstile{{.at_once = 1, .per_minute = 1000}};
  world.spawn(turnstile, 'A', claim("acme", 10s, 1'000'000));
  world.loop.run();
  EXPECT_EQ(world.order, "A");
}

asio::awaitable<void> through(Turnstile& turnstile,
                              std::atomic<int>& inside,
                              std::atomic<int>& most,
                              std::atomic<int>& passed) {
  const auto pass = co_await turnstile.enter(claim("acme"));
  if (!pass) co_return;
  const auto now = ++inside;
  for (auto before = most.load(); before < now && !most.compare_exchange_weak(before, now);) {
  }
  --inside;
  ++passed;
}

TEST(Turnstile, CountsRightFromManyThreads) {
  asio::thread_pool pool{4};
  Turnstile turnstile{{.at_once = 3}};
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> passed = 0;
  for (int i = 0; i < 2000; ++i)
    asio::co_spawn(asio::make_strand(pool),
                   through(turnstile, inside, most, passed),
                   [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
  pool.join();
  EXPECT_EQ(passed, 2000);
  EXPECT_LE(most, 3);
  EXPECT_EQ(turnstile.inside(), 0U);
}

}  // namespace
}  // namespace sallyport
