#pragma once

#include "engine/base/deadline.hpp"
#include "engine/base/on_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <functional>
#include <utility>

namespace sallyport::connectors {

/// Runs `job`, which may block, on `pool` and awaits its answer. A job that has begun is waited
/// for, whatever happens meanwhile: its own calls must end by `deadline`.
///
/// Errors: what `job` returns; expired or cancelled when it had not begun by then.
template <class T>
Task<T> run_blocking(asio::any_io_executor pool,
                     Deadline deadline,
                     std::function<Result<T>()> job) {
  auto work = [job = std::move(job), deadline]() -> asio::awaitable<Result<T>> {
    if (Deadline::Clock::now() >= deadline.at())
      co_return fail(Errc::expired, "the deadline passed before anything was sent");
    co_return job();
  };
  try {
    co_return co_await on_pool(pool, std::move(work));
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
  co_return fail(Errc::cancelled, "cancelled before anything was sent");
}

}  // namespace sallyport::connectors
