#include "engine/base/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <variant>

namespace sallyport::detail {

// The only source that instantiates operator||; with_deadline() stays cheap to include because of
// it.
asio::awaitable<Raced> race(asio::awaitable<void> work, Deadline deadline) {
  using namespace asio::experimental::awaitable_operators;

  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer{executor, deadline.at()};
  auto alarm =
      timer.async_wait(asio::as_tuple(asio::use_awaitable));  // a tuple, so that it never throws
  const auto first = co_await (std::move(work) || std::move(alarm));
  if (first.index() == 0) co_return Raced::finished;
  const auto [error] = std::get<1>(first);
  co_return error ? Raced::cancelled : Raced::expired;
}

}  // namespace sallyport::detail
