#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace sallyport {

namespace asio = boost::asio;

/// Runs `work`, a callable that returns an awaitable and may block, on `pool`; await what this
/// returns to have its result on your own executor.
///
/// A cancellation waits until `work` has ended: its calls carry their own time-outs. Passed on, it
/// would have to cross threads, and co_spawn of Boost 1.81 does that with a pointer to what may be
/// gone by then; when the work ends at that very moment it ends the program.
template <class Work>
[[nodiscard]] auto on_pool(asio::any_io_executor pool, Work work) {
  return asio::co_spawn(
      std::move(pool),
      std::move(work),
      asio::bind_cancellation_slot(asio::cancellation_slot{}, asio::use_awaitable));
}

}  // namespace sallyport
