#include "engine/http/pool.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace sallyport::http {

struct Pool::Waiter {
  explicit Waiter(const asio::any_io_executor& executor)
      : timer{executor, asio::steady_timer::time_point::max()} {}

  asio::steady_timer timer;
  bool woken = false;  ///< Under the pool's mutex.
};

Pool::Lease::Lease(Pool& pool, Origin origin, std::unique_ptr<Transport> transport, bool reused)
    : pool_{&pool}, origin_{std::move(origin)}, transport_{std::move(transport)}, reused_{reused} {}

Pool::Lease::Lease(Lease&& other) noexcept
    : pool_{std::exchange(other.pool_, nullptr)},
      origin_{std::move(other.origin_)},
      transport_{std::move(other.transport_)},
      reused_{other.reused_} {}

Pool::Lease::Lease(Lease&& place, std::unique_ptr<Transport> connected) noexcept
    : Lease{std::move(place)} {
  transport_ = std::move(connected);
}

Pool::Lease::~Lease() {
  if (!pool_) return;
  if (transport_) transport_->abort();
  pool_->leave(origin_, nullptr);
}

void Pool::Lease::keep() {
  std::exchange(pool_, nullptr)->leave(origin_, std::move(transport_));
}

Pool::Pool(Connect connect, PoolLimits limits) : connect_{std::move(connect)}, limits_{limits} {}

Pool::~Pool() = default;

Task<Pool::Lease> Pool::acquire(Origin origin, bool fresh) {
  std::unique_ptr<Transport> transport;
  while (!admit(origin, fresh, transport)) {
    const auto room = co_await wait_for_room(origin);
    if (!room) co_return std::unexpected{room.error()};
  }
  const bool reused = transport != nullptr;
  Lease lease{*this, origin, std::move(transport), reused};
  if (reused) co_return std::move(lease);
  // The lease holds the place while we connect, and gives it up if that fails.
  auto connected = co_await connect_(origin);
  if (!connected) co_return std::unexpected{connected.error()};
  co_return Lease{std::move(lease), *std::move(connected)};
}

bool Pool::admit(const Origin& origin, bool fresh, std::unique_ptr<Transport>& transport) {
  std::vector<Idle> stale;  // closed after the lock is gone
  const auto now = std::chrono::steady_clock::now();
  const std::scoped_lock lock{mutex_};
  auto& slot = slots_[origin];
  while (!slot.idle.empty() && !fresh) {
    auto newest = std::move(slot.idle.back());
    slot.idle.pop_back();
    if (newest.until > now && newest.transport->quiet()) {
      transport = std::move(newest.transport);
      ++slot.busy;
      return true;
    }
    stale.push_back(std::move(newest));
  }
  if (slot.busy + slot.idle.size() >= limits_.connections_per_origin && !slot.idle.empty()) {
    stale.push_back(std::move(slot.idle.front()));
    slot.idle.erase(slot.idle.begin());
  }
  if (slot.busy >= limits_.connections_per_origin) return false;
  ++slot.busy;
  return true;
}

bool Pool::lacks_idle(const Origin& origin) {
  std::vector<Idle> stale;  // closed after the lock is gone
  const auto now = std::chrono::steady_clock::now();
  const std::scoped_lock lock{mutex_};
  auto& slot = slots_[origin];
  auto& idle = slot.idle;
  // The oldest stand first. There may be thousands: only as many are looked into as it takes.
  const auto young = std::ranges::find_if(idle, [&](const Idle& one) { return one.until > now; });
  std::move(idle.begin(), young, std::back_inserter(stale));
  idle.erase(idle.begin(), young);
  while (!idle.empty() && !idle.back().transport->quiet()) {
    stale.push_back(std::move(idle.back()));
    idle.pop_back();
  }
  if (!idle.empty() || slot.busy >= limits_.connections_per_origin) return false;
  ++slot.busy;
  return true;
}

Task<> Pool::warm(Origin origin) {
  if (!lacks_idle(origin)) co_return Result<>{};
  Lease place{*this, origin, nullptr, false};
  auto connected = co_await connect_(origin);
  if (!connected) co_return std::unexpected{connected.error()};
  Lease{std::move(place), *std::move(connected)}.keep();
  co_return Result<>{};
}

Task<> Pool::wait_for_room(Origin origin) {
  const auto executor = co_await asio::this_coro::executor;
  const auto waiter = std::make_shared<Waiter>(executor);
  {
    const std::scoped_lock lock{mutex_};
    auto& slot = slots_[origin];
    if (slot.busy < limits_.connections_per_origin) co_return Result<>{};
    slot.waiters.push_back(waiter);
  }
  const auto [error] = co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  (void)error;  // either woken or cancelled: `woken` and the state tell
  const auto state = co_await asio::this_coro::cancellation_state;
  const std::scoped_lock lock{mutex_};
  auto& slot = slots_[origin];
  std::erase(slot.waiters, waiter);
  if (state.cancelled() == asio::cancellation_type::none && waiter->woken) co_return Result<>{};
  if (waiter->woken) wake_next(slot);  // room that we no longer want
  co_return fail(Errc::cancelled, "cancelled while waiting for a connection");
}

void Pool::leave(const Origin& origin, std::unique_ptr<Transport> transport) {
  const std::scoped_lock lock{mutex_};
  auto& slot = slots_[origin];
  --slot.busy;
  if (transport && slot.idle.size() < limits_.idle_per_origin)
    slot.idle.push_back({.transport = std::move(transport),
                         .until = std::chrono::steady_clock::now() + limits_.idle});
  wake_next(slot);
}

void Pool::wake_next(Slot& slot) {
  if (slot.waiters.empty()) return;
  auto waiter = std::move(slot.waiters.front());
  slot.waiters.pop_front();
  waiter->woken = true;
  auto executor = waiter->timer.get_executor();
  // A moment that has passed, so that a wait which has not begun yet ends at once too.
  asio::post(executor, [waiter = std::move(waiter)] {
    waiter->timer.expires_at(asio::steady_timer::time_point::min());
  });
}

std::size_t Pool::idle() const {
  const std::scoped_lock lock{mutex_};
  std::size_t n = 0;
  for (const auto& [origin, slot] : slots_) n += slot.idle.size();
  return n;
}

}  // namespace sallyport::http
