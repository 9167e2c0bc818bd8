#include "connectors/manifest/turn.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sallyport::connectors::manifest {

namespace {

/// Stands in the list as long as it lives.
class Waiting {
 public:
  Waiting(std::set<asio::steady_timer*>& list, asio::steady_timer& timer)
      : list_{list}, timer_{timer} {
    list_.insert(&timer_);
  }

  ~Waiting() { list_.erase(&timer_); }

  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::set<asio::steady_timer*>& list_;
  asio::steady_timer& timer_;
};

}  // namespace

Task<Turn::Held> Turn::take(Deadline deadline) {
  while (taken_) {
    if (Deadline::Clock::now() >= deadline.at())
      co_return fail(Errc::expired, "another operation of this connector took all the time");
    asio::steady_timer timer{co_await asio::this_coro::executor, deadline.at()};
    const Waiting mine{waiting_, timer};
    const auto [woken] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)woken;  // whether it is free is what counts
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      co_return fail(Errc::cancelled, "cancelled while waiting for another operation");
  }
  taken_ = true;
  co_return Held{this};
}

void Turn::pass() noexcept {
  taken_ = false;
  for (auto* timer : waiting_) timer->cancel();
}

}  // namespace sallyport::connectors::manifest
