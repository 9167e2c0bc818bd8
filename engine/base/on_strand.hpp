#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <utility>

namespace sallyport {

namespace asio = boost::asio;

/// Runs `work` on `strand`, which runs one handler at a time, and awaits its answer on one's own
/// executor. A cancellation reaches the work, down to what it waits for. Throws: what `work`
/// throws.
///
/// Plain co_spawn() of Boost 1.81 hands a cancellation over with a pointer into what is gone when
/// the work ends before the strand comes to it. Here what is handed over keeps itself alive.
template <class T>
asio::awaitable<T> on_strand(asio::any_io_executor strand, asio::awaitable<T> work) {
  const auto signal = std::make_shared<asio::cancellation_signal>();
  const auto state = co_await asio::this_coro::cancellation_state;
  if (auto ours = state.slot(); ours.is_connected()) {
    ours.assign([signal, strand](asio::cancellation_type type) {
      asio::dispatch(strand, [signal, type] { signal->emit(type); });
    });
  }
  co_return co_await asio::co_spawn(
      strand, std::move(work), asio::bind_cancellation_slot(signal->slot(), asio::use_awaitable));
}

}  // namespace sallyport
