#include "engine/base/task_group.hpp"

#include "tests/base/run.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

namespace sallyport {
namespace {

using namespace std::chrono_literals;
using testing::run;

asio::awaitable<void> wait_forever(int& ended) {
  asio::steady_timer timer{co_await asio::this_coro::executor, 1h};
  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (error) ++ended;
}

asio::awaitable<void> throw_at_once() {
  throw std::runtime_error{"boom"};
  co_return;
}

asio::awaitable<void> closing_ends_all() {
  int ended = 0;
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup group{executor, [](std::exception_ptr) { FAIL(); }};
  EXPECT_TRUE(group.spawn(wait_forever(ended)));
  EXPECT_TRUE(group.spawn(wait_forever(ended)));
  asio::steady_timer pause{executor, 5ms};
  co_await pause.async_wait(asio::use_awaitable);
  EXPECT_EQ(group.running(), 2U);
  co_await group.close();
  EXPECT_EQ(group.running(), 0U);
  EXPECT_EQ(ended, 2);
  EXPECT_FALSE(group.spawn(wait_forever(ended)));
}

TEST(TaskGroup, CloseCancelsAndWaitsForEveryTask) {
  run(closing_ends_all());
}

asio::awaitable<void> closing_before_start() {
  int ended = 0;
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup group{executor, [](std::exception_ptr) {}};
  EXPECT_TRUE(group.spawn(wait_forever(ended)));
  co_await group.close();
  EXPECT_EQ(group.running(), 0U);
}

TEST(TaskGroup, CloseEndsATaskThatHasNotStartedYet) {
  run(closing_before_start());
}

asio::awaitable<void> closing_idle_group() {
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup group{executor, [](std::exception_ptr) {}};
  co_await group.close();
}

TEST(TaskGroup, CloseOfAnIdleGroupReturns) {
  run(closing_idle_group());
}

asio::awaitable<void> reports() {
  int failures = 0;
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup group{executor, [&failures](std::exception_ptr) { ++failures; }};
  EXPECT_TRUE(group.spawn(throw_at_once()));
  asio::steady_timer pause{executor, 5ms};
  co_await pause.async_wait(asio::use_awaitable);
  EXPECT_EQ(failures, 1);
  co_await group.close();
}

TEST(TaskGroup, ReportsWhatATaskThrew) {
  run(reports());
}

}  // namespace
}  // namespace sallyport
