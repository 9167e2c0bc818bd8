#include "engine/base/on_pool.hpp"

#include "engine/base/deadline.hpp"
#include "engine/base/task_group.hpp"
#include "tests/base/run.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <thread>

namespace sallyport {
namespace {

asio::awaitable<void> ask(asio::thread_pool& pool, int& answered) {
  auto work = []() -> Task<std::thread::id> { co_return std::this_thread::get_id(); };
  const auto id = co_await on_pool(pool.get_executor(), std::move(work));
  EXPECT_NE(*id, std::this_thread::get_id());
  ++answered;
}

TEST(OnPool, RunsOnAnotherThreadAndReturnsToOurs) {
  asio::thread_pool pool{1};
  int answered = 0;
  testing::run(ask(pool, answered));
  EXPECT_EQ(answered, 1);
}

asio::awaitable<void> cancelled_in_the_middle(asio::thread_pool& pool, int spins, int& answered) {
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup group{executor, [](const std::exception_ptr&) { ADD_FAILURE(); }};
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(group.spawn(ask(pool, answered)));
  for (int i = 0; i < spins; ++i) co_await asio::post(executor, asio::use_awaitable);
  co_await group.close();
}

TEST(OnPool, ACancellationAtAnyMomentWaitsForWorkThatBegan) {
  asio::thread_pool pool{2};
  int answered = 0;
  for (int round = 0; round < 3'000; ++round)
    testing::run(cancelled_in_the_middle(pool, round % 16, answered));
  EXPECT_GT(answered, 0);
}

}  // namespace
}  // namespace sallyport
