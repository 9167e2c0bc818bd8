#include "engine/base/deadline.hpp"

#include "tests/base/run.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>

namespace sallyport {
namespace {

using namespace std::chrono_literals;
using testing::run;

Task<int> answer_after(std::chrono::milliseconds delay) {
  asio::steady_timer timer{co_await asio::this_coro::executor, delay};
  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (error) co_return fail(Errc::cancelled, "cut short");
  co_return 42;
}

Task<int> throw_after(std::chrono::milliseconds delay) {
  const auto waited = co_await answer_after(delay);
  (void)waited;
  throw std::logic_error{"bug"};
}

Task<int> finish_although_cancelled() {
  const auto waited = co_await answer_after(1h);
  (void)waited;
  co_return 7;
}

asio::awaitable<void> finishes_in_time() {
  const auto result = co_await with_deadline(Deadline::in(1s), answer_after(1ms));
  EXPECT_EQ(result, Result<int>{42});
}

TEST(WithDeadline, GivesTheAnswerThatArrivesInTime) {
  run(finishes_in_time());
}

asio::awaitable<void> expires() {
  const auto start = Deadline::Clock::now();
  const auto result = co_await with_deadline(Deadline::in(20ms), answer_after(1h));
  EXPECT_EQ(result.error().code, Errc::expired);
  EXPECT_LT(Deadline::Clock::now() - start, 1s);
}

TEST(WithDeadline, CutsOffWhatTakesTooLong) {
  run(expires());
}

asio::awaitable<void> already_passed() {
  const auto result = co_await with_deadline(Deadline::in(-1s), answer_after(1h));
  EXPECT_EQ(result.error().code, Errc::expired);
}

TEST(WithDeadline, ExpiresAtOnceWhenAlreadyPassed) {
  run(already_passed());
}

asio::awaitable<void> fails_fast() {
  const auto start = Deadline::Clock::now();
  bool threw = false;
  try {
    const auto result = co_await with_deadline(Deadline::in(5s), throw_after(1ms));
    (void)result;
  } catch (const std::logic_error&) {
    threw = true;
  }
  EXPECT_TRUE(threw);
  EXPECT_LT(Deadline::Clock::now() - start, 1s);
}

TEST(WithDeadline, PassesAnExceptionOnWithoutWaitingForTheDeadline) {
  run(fails_fast());
}

asio::awaitable<void> keeps_late_result() {
  const auto result = co_await with_deadline(Deadline::in(10ms), finish_although_cancelled());
  EXPECT_EQ(result, Result<int>{7});
}

TEST(WithDeadline, KeepsAResultThatWasProducedAnyway) {
  run(keeps_late_result());
}

Task<int> nested() {
  co_return co_await with_deadline(Deadline::in(1h), answer_after(1h));
}

asio::awaitable<void> outer_wins() {
  const auto result = co_await with_deadline(Deadline::in(20ms), nested());
  EXPECT_EQ(result.error().code, Errc::expired);
}

TEST(WithDeadline, OuterDeadlineEndsAnInnerOne) {
  run(outer_wins());
}

asio::awaitable<void> well_before_its_deadline() {
  const auto result = co_await with_deadline(Deadline::in(1h), answer_after(1ms));
  EXPECT_EQ(result, Result<int>{42});
}

TEST(WithDeadline, LeavesNobodyWaitingForTheDeadline) {
  asio::io_context loop;
  asio::co_spawn(loop, well_before_its_deadline(), asio::detached);
  loop.run_for(10s);
  EXPECT_TRUE(loop.stopped());  // it ran out of work
}

/// What a call that is cancelled by its caller comes to, and what its loop waits for then.
TEST(WithDeadline, IsCancelledByItsCaller) {
  asio::io_context loop;
  asio::cancellation_signal caller;
  std::optional<Result<int>> result;
  asio::co_spawn(
      loop,
      with_deadline(Deadline::in(1h), answer_after(1h)),
      asio::bind_cancellation_slot(caller.slot(), [&](const std::exception_ptr&, Result<int> got) {
        result = std::move(got);
      }));
  asio::steady_timer soon{loop, 10ms};
  soon.async_wait([&](auto) { caller.emit(asio::cancellation_type::terminal); });
  loop.run_for(10s);
  EXPECT_TRUE(loop.stopped());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error().code, Errc::cancelled);
}

Task<std::unique_ptr<int>> move_only() {
  co_return std::make_unique<int>(3);
}

asio::awaitable<void> moves() {
  const auto result = co_await with_deadline(Deadline::in(1s), move_only());
  EXPECT_EQ(**result, 3);
}

TEST(WithDeadline, CarriesMoveOnlyResults) {
  run(moves());
}

TEST(Deadline, TighteningNeverLoosens) {
  const auto outer = Deadline::in(1s);
  EXPECT_EQ(outer.tightened_to(1h).at(), outer.at());
  EXPECT_LT(outer.tightened_to(1ms).at(), outer.at());
}

}  // namespace
}  // namespace sallyport
