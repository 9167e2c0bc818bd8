#include "engine/base/on_strand.hpp"

#include "engine/base/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <gtest/gtest.h>

#include <chrono>

namespace sallyport {
namespace {

using namespace std::chrono_literals;

/// A loop, a strand of it, and a caller on the loop that can be cancelled.
struct House {
  asio::io_context loop{1};
  asio::any_io_executor strand = asio::make_strand(loop.get_executor());
  asio::cancellation_signal cancel;
  std::exception_ptr thrown;
  int answer = 0;

  asio::awaitable<void> ask(asio::awaitable<int> work) {
    answer = co_await on_strand(strand, std::move(work));
  }

  void run(asio::awaitable<int> work) {
    asio::co_spawn(loop,
                   ask(std::move(work)),
                   asio::bind_cancellation_slot(cancel.slot(), [this](std::exception_ptr what) {
                     thrown = std::move(what);
                   }));
    loop.run();
  }
};

asio::awaitable<int> where_it_runs(const House& house) {
  EXPECT_EQ(co_await asio::this_coro::executor, house.strand);
  co_return 42;
}

TEST(OnStrand, RunsThereAndReturnsTheAnswer) {
  House house;
  house.run(where_it_runs(house));
  EXPECT_FALSE(house.thrown);
  EXPECT_EQ(house.answer, 42);
}

asio::awaitable<int> wait_for_long(House& house) {
  asio::steady_timer timer{co_await asio::this_coro::executor, 1h};
  asio::post(house.loop, [&house] { house.cancel.emit(asio::cancellation_type::terminal); });
  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return error ? 7 : 0;
}

TEST(OnStrand, ACancellationReachesWhatTheWorkWaitsFor) {
  House house;
  house.run(wait_for_long(house));
  EXPECT_EQ(house.answer, 7);
}

/// Ends with a handler that the strand has already when the cancellation comes to it.
asio::awaitable<int> end_as_it_is_cancelled(House& house) {
  asio::post(house.loop, [&house] { house.cancel.emit(asio::cancellation_type::terminal); });
  co_await asio::post(house.strand, asio::use_awaitable);
  co_return 3;
}

// A sanitizer or valgrind sees a read of freed memory here where co_spawn() is used alone.
TEST(OnStrand, ACancellationThatMeetsTheEndOfTheWorkTouchesNothingThatIsGone) {
  House house;
  house.run(end_as_it_is_cancelled(house));
  EXPECT_FALSE(house.thrown);
  EXPECT_EQ(house.answer, 3);
}

}  // namespace
}  // namespace sallyport
