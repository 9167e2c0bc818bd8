#include "engine/act/target_locks.hpp"

#include "engine/base/ascii.hpp"
#include "engine/gate/readings.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace sallyport::act {

std::string target_of(const model::ActionRequest& request) {
  auto target = request.target;
  if (const auto* host = request.parameters.if_contains("host"); host && host->is_string())
    target = {.kind = "host", .value = std::string{std::string_view{host->get_string()}}};
  auto readings = gate::readings_of(target);
  return ascii::lowered(readings.others.empty() ? target.value : readings.others.front());
}

asio::awaitable<TargetLocks::Lock> TargetLocks::acquire(std::string target) {
  const auto [place, free] = held_.try_emplace(target);
  if (free) co_return Lock{this, std::move(target)};

  const auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor);
  place->second.push_back(waiter);
  try {
    const auto [error] = co_await waiter->turn.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)error;  // the timer never fires: a wake-up is our turn or our end
  } catch (...) {
    if (!waiter->granted) std::erase(held_[target], waiter);
    if (waiter->granted) release(target);
    throw;
  }
  if (!waiter->granted) {
    std::erase(held_[target], waiter);
    throw boost::system::system_error{asio::error::operation_aborted};
  }
  co_return Lock{this, std::move(target)};
}

void TargetLocks::release(const std::string& target) {
  const auto place = held_.find(target);
  if (place == held_.end()) return;
  if (place->second.empty()) {
    held_.erase(place);
    return;
  }
  const auto next = place->second.front();
  place->second.pop_front();
  next->granted = true;
  next->turn.cancel();
}

}  // namespace sallyport::act
