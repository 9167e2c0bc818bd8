#pragma once

#include "engine/model/request.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace sallyport::act {

namespace asio = boost::asio;

/// What a request works on, in one spelling: a host in capitals and an IPv4 address written as IPv6
/// are no others. Tenants that share a product share its targets.
[[nodiscard]] std::string target_of(const model::ActionRequest& request);

/// Lets one action at a time work on a target; the others wait in the order they came.
///
/// Not thread-safe: used on one executor that runs one handler at a time. Must outlive its locks.
class TargetLocks {
 public:
  /// Holds the target until it is destroyed.
  class Lock {
   public:
    Lock() = default;

    Lock(TargetLocks* owner, std::string target) : owner_{owner}, target_{std::move(target)} {}

    Lock(Lock&& other) noexcept
        : owner_{std::exchange(other.owner_, nullptr)}, target_{std::move(other.target_)} {}

    Lock& operator=(Lock&& other) noexcept {
      std::swap(owner_, other.owner_);
      std::swap(target_, other.target_);
      return *this;
    }

    ~Lock() {
      if (owner_) owner_->release(target_);
    }

    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    TargetLocks* owner_ = nullptr;
    std::string target_;
  };

  /// Waits for its turn. Cancelling the awaiting coroutine gives the place in the queue back.
  asio::awaitable<Lock> acquire(std::string target);

 private:
  struct Waiter {
    explicit Waiter(const asio::any_io_executor& executor)
        : turn{executor, asio::steady_timer::time_point::max()} {}

    asio::steady_timer turn;  ///< Cancelled when the lock is ours.
    bool granted = false;
  };

  void release(const std::string& target);

  std::unordered_map<std::string, std::deque<std::shared_ptr<Waiter>>> held_;
};

}  // namespace sallyport::act
