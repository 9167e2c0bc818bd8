#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <utility>

namespace sallyport::testing {

/// Runs `task` on `loop` until nothing is left to do; rethrows what it threw.
inline void run(boost::asio::io_context& loop, boost::asio::awaitable<void> task) {
  std::exception_ptr thrown;
  auto done = [&thrown](std::exception_ptr e) { thrown = std::move(e); };
  boost::asio::co_spawn(loop, std::move(task), done);
  loop.run();
  if (thrown) std::rethrow_exception(thrown);
}

/// The same on a fresh event loop, which is gone afterwards: for what hands nothing over to it from
/// a thread that lives on.
inline void run(boost::asio::awaitable<void> task) {
  boost::asio::io_context loop{1};
  run(loop, std::move(task));
}

}  // namespace sallyport::testing
