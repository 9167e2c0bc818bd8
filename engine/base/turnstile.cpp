#include "engine/base/turnstile.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace sallyport {

struct Turnstile::Waiter {
  explicit Waiter(const asio::any_io_executor& executor) : timer{executor} {}

  asio::steady_timer timer;
  Queue::Ticket ticket = 0;
  std::int64_t cost = 1;
  bool admitted = false;  ///< Under the mutex.

  /// Ends its wait, also one that has not begun yet: it looks again how things stand.
  static void nudge(const std::shared_ptr<Waiter>& waiter) {
    auto executor = waiter->timer.get_executor();
    asio::post(executor, [waiter] { waiter->timer.expires_at(Turnstile::Moment::min()); });
  }
};

Turnstile::Pass::Pass(Pass&& other) noexcept
    : owner_{std::exchange(other.owner_, nullptr)}, cost_{other.cost_} {}

Turnstile::Pass::~Pass() {
  if (owner_) owner_->leave();
}

void Turnstile::Pass::settle(std::int64_t cost) {
  if (!owner_) return;
  const std::scoped_lock lock{owner_->mutex_};
  owner_->take(owner_->bounded(cost) - cost_);
  cost_ = owner_->bounded(cost);
}

Turnstile::Turnstile(Limits limits)
    : limits_{limits},
      left_{static_cast<double>(limits.per_minute)},
      refilled_{Deadline::Clock::now()} {}

Turnstile::~Turnstile() = default;

std::int64_t Turnstile::bounded(std::int64_t cost) const {
  if (limits_.per_minute == 0) return std::max<std::int64_t>(cost, 0);
  // What costs more than a minute's amount would never be served.
  return std::clamp<std::int64_t>(cost, 0, limits_.per_minute);
}

void Turnstile::refill(Moment now) {
  if (limits_.per_minute == 0 || now <= refilled_) return;
  const std::chrono::duration<double, std::ratio<60>> minutes = now - refilled_;
  const auto most = static_cast<double>(limits_.per_minute);
  left_ = std::min(left_ + minutes.count() * most, most);
  refilled_ = now;
}

Turnstile::Moment Turnstile::enough_for(std::int64_t cost, Moment now) const {
  const auto lacking = static_cast<double>(cost) - left_;
  if (limits_.per_minute == 0 || lacking <= 0) return Moment::min();
  const std::chrono::duration<double, std::ratio<60>> minutes{
      lacking / static_cast<double>(limits_.per_minute)};
  return now + std::chrono::ceil<std::chrono::milliseconds>(minutes);
}

void Turnstile::take(std::int64_t cost) {
  if (limits_.per_minute > 0) left_ -= static_cast<double>(cost);
}

void Turnstile::open(Moment now) {
  refill(now);
  while (inside_ < limits_.at_once && !queue_.empty()) {
    const auto& next = *queue_.front_item();
    if (enough_for(next->cost, now) > now) {
      Waiter::nudge(next);  // whose turn it is watches for it
      return;
    }
    const auto waiter = *queue_.pop();
    ++inside_;
    take(waiter->cost);
    waiter->admitted = true;
    Waiter::nudge(waiter);
  }
}

Task<Turnstile::Pass> Turnstile::enter(Claim claim) {
  const auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor);
  const auto until = claim.until;
  {
    const auto now = Deadline::Clock::now();
    const std::scoped_lock lock{mutex_};
    waiter->cost = bounded(claim.cost);
    refill(now);
    if (queue_.empty() && inside_ < limits_.at_once && enough_for(waiter->cost, now) <= now) {
      ++inside_;
      take(waiter->cost);
      co_return Pass{*this, waiter->cost};
    }
    waiter->ticket = queue_.push(std::move(claim), waiter);
  }
  auto alarm = Moment::min();  // the first look comes at once: it may be its turn already
  for (;;) {
    waiter->timer.expires_at(alarm);
    const auto [error] = co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)error;  // nudged, too late or cancelled: what follows tells
    const auto state = co_await asio::this_coro::cancellation_state;
    const auto now = Deadline::Clock::now();
    const std::scoped_lock lock{mutex_};
    const bool cancelled = state.cancelled() != asio::cancellation_type::none;
    if (waiter->admitted && !cancelled) co_return Pass{*this, waiter->cost};
    if (waiter->admitted) {
      --inside_;  // a pass that it no longer wants
      take(-waiter->cost);
      open(now);
      co_return fail(Errc::cancelled, "cancelled while waiting for its turn");
    }
    if (cancelled || now >= until) {
      (void)queue_.withdraw(waiter->ticket);
      open(now);
      if (cancelled) co_return fail(Errc::cancelled, "cancelled while waiting for its turn");
      co_return fail(Errc::expired, "its turn did not come in time");
    }
    alarm = until;
    if (inside_ >= limits_.at_once || *queue_.front_item() != waiter) continue;
    refill(now);
    alarm = std::min(until, enough_for(waiter->cost, now));
    if (alarm <= now) open(now);
  }
}

void Turnstile::leave() {
  const auto now = Deadline::Clock::now();
  const std::scoped_lock lock{mutex_};
  --inside_;
  open(now);
}

bool Turnstile::has_room() const {
  const std::scoped_lock lock{mutex_};
  return queue_.empty() && inside_ < limits_.at_once && (limits_.per_minute == 0 || left_ > 0);
}

std::size_t Turnstile::inside() const {
  const std::scoped_lock lock{mutex_};
  return inside_;
}

std::size_t Turnstile::waiting() const {
  const std::scoped_lock lock{mutex_};
  return queue_.size();
}

}  // namespace sallyport
