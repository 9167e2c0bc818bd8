#pragma once

#include "engine/base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace sallyport {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<Result<T>>;

/// The instant after which the caller no longer wants the answer. Passed by value down the call
/// tree; a callee may tighten it and can never loosen it.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  /// `budget` from now. A negative budget gives a deadline that has passed.
  [[nodiscard]] static Deadline in(Clock::duration budget) {
    return Deadline{Clock::now() + budget};
  }

  [[nodiscard]] Deadline tightened_to(Clock::duration budget) const {
    return Deadline{std::min(at_, in(budget).at_)};
  }

  [[nodiscard]] Clock::time_point at() const noexcept { return at_; }

 private:
  explicit Deadline(Clock::time_point at) : at_{at} {}

  Clock::time_point at_;
};

namespace detail {

/// Where a raced task leaves its outcome.
template <class T>
struct Outcome {
  std::optional<Result<T>> result;
  std::exception_ptr thrown;
};

enum class Raced { finished, expired, cancelled };

/// Runs `work`, which must not throw, and cancels it at `deadline`. Returns once `work` has ended.
asio::awaitable<Raced> race(asio::awaitable<void> work, Deadline deadline);

template <class T>
asio::awaitable<void> settle(Outcome<T>& into, Task<T> work) {
  try {
    into.result = co_await std::move(work);
  } catch (...) {
    into.thrown = std::current_exception();
  }
}

}  // namespace detail

/// Awaits `work` until `deadline`, then cancels it and waits for it to end.
///
/// A result that `work` did produce is returned even when the deadline passed meanwhile: an action
/// that happened is never reported as one that did not.
///
/// Errors: what `work` returns; expired when the deadline cut it short; cancelled when our own
/// caller did. Throws: what `work` throws, unless it was cut short. Runs on the awaiting
/// coroutine's executor. `work` must be cancellable: a blocking call is waited for.
template <class T>
Task<T> with_deadline(Deadline deadline, Task<T> work) {
  detail::Outcome<T> outcome;
  auto settled = detail::settle(outcome, std::move(work));
  const auto raced = co_await detail::race(std::move(settled), deadline);

  const bool cut_short = outcome.thrown || !outcome.result ||
                         (!*outcome.result && outcome.result->error().code == Errc::cancelled);
  if (raced == detail::Raced::expired && cut_short)
    co_return fail(Errc::expired, "deadline passed");
  if (raced == detail::Raced::cancelled && cut_short)
    co_return fail(Errc::cancelled, "cancelled by the caller");
  if (outcome.thrown) std::rethrow_exception(outcome.thrown);
  co_return *std::move(outcome.result);
}

}  // namespace sallyport
