#include "engine/base/deadline.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>

namespace sallyport::detail {

namespace {

/// Held by the race and by its alarm, which may ring when all is over.
struct Alarm {
  Alarm(const asio::any_io_executor& executor, Deadline deadline)
      : timer{executor, deadline.at()} {}

  void stop_work(Raced why) {
    if (stopped == Raced::finished) stopped = why;
    stop.emit(asio::cancellation_type::terminal);
  }

  asio::steady_timer timer;
  asio::cancellation_signal stop;
  Raced stopped = Raced::finished;  ///< Until something stops the work.
};

/// However the race ends, nobody waits for its alarm.
struct Quiet {
  Alarm& alarm;

  ~Quiet() { alarm.timer.cancel(); }
};

}  // namespace

// By hand: `work || timer` starts two coroutines and a group for each question to somebody else.
asio::awaitable<Raced> race(asio::awaitable<void> work, Deadline deadline) {
  const auto executor = co_await asio::this_coro::executor;
  auto caller = (co_await asio::this_coro::cancellation_state).slot();
  const auto alarm = std::make_shared<Alarm>(executor, deadline);
  const Quiet quiet{*alarm};
  alarm->timer.async_wait([alarm](boost::system::error_code error) {
    if (!error) alarm->stop_work(Raced::expired);
  });
  if (caller.is_connected())
    caller.assign([alarm](asio::cancellation_type) { alarm->stop_work(Raced::cancelled); });
  co_await asio::co_spawn(executor,
                          std::move(work),
                          asio::bind_cancellation_slot(alarm->stop.slot(), asio::use_awaitable));
  // Only here: a coroutine that is thrown away with its loop may outlive whoever could cancel it.
  if (caller.is_connected()) caller.clear();
  co_return alarm->stopped;
}

}  // namespace sallyport::detail
