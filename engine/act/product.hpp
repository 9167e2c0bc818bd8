#pragma once

#include "engine/act/actuator.hpp"
#include "engine/act/breaker.hpp"
#include "engine/base/deadline.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::act {

/// What one product is burdened with.
struct ProductLimits {
  std::chrono::milliseconds request_timeout{
      30'000};               ///< Of one read or request, its repetitions included.
  unsigned attempts = 3;     ///< Of what failed before anything was sent.
  std::size_t at_once = 16;  ///< Requests.
  BreakerRule breaker;
  /// So long an action waits while the product is out of order; then a person is asked.
  std::chrono::milliseconds wait_for{120'000};
};

/// How it stands with a product.
struct ProductHealth {
  std::string name;
  std::vector<std::string> verbs;
  BreakerState breaker = BreakerState::closed;
  unsigned failures = 0;      ///< Since it last answered.
  std::string last_failure;   ///< Of those; empty: none.
  std::size_t under_way = 0;  ///< Requests.
  std::size_t waiting = 0;    ///< For their turn, or for the breaker.
  std::uint64_t opened = 0;   ///< How often the breaker did since the start.
};

BOOST_DESCRIBE_STRUCT(ProductHealth,
                      (),
                      (name, verbs, breaker, failures, last_failure, under_way, waiting, opened))

/// What a product answered, or that it was not asked because it is out of order.
template <class T>
struct Asked {
  Result<T> answer;
  bool refused = false;  ///< The breaker let nothing through in time; `answer` says why.
};

/// One configured product as actions reach it: at most so many requests at once, in the order they
/// came; repeated only where nothing can have happened; none while it is out of order.
///
/// Not thread-safe: all calls on one executor that runs one handler at a time. Must outlive its
/// requests.
class Product {
 public:
  /// Told when the breaker opens or closes (see health()).
  using Turned = std::function<void(const Product& product)>;

  Product(std::shared_ptr<Actuator> actuator, ProductLimits limits, Turned turned);

  [[nodiscard]] std::string_view name() const { return actuator_->name(); }

  /// For what needs no product: check(), inverse() and what it is.
  [[nodiscard]] const Actuator& rules() const { return *actuator_; }

  [[nodiscard]] bool runs(std::string_view verb) const;

  [[nodiscard]] std::chrono::milliseconds wait_for() const { return limits_.wait_for; }

  /// Waits for its turn; where the product is out of order at most `patience`. Errors of the
  /// answer: those of Actuator::read().
  asio::awaitable<Asked<Reading>> read(Operation operation, std::chrono::milliseconds patience);

  /// Called once, when it is a request's turn.
  using Begin = std::function<asio::awaitable<bool>()>;

  /// Sends `operation`, waiting as read() does. `begin` comes when it is its turn, so that what
  /// waits has not begun; `allowed` is asked before each attempt without a moment between. After a
  /// no of either nothing is sent. Errors of the answer: those of Actuator::execute(); cancelled
  /// after a no.
  asio::awaitable<Asked<model::Outcome>> execute(Operation operation,
                                                 Begin begin,
                                                 std::function<bool()> allowed,
                                                 std::chrono::milliseconds patience);

  [[nodiscard]] ProductHealth health() const;

 private:
  class Turn;

  struct Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : timer{executor} {}

    asio::steady_timer timer;
    bool woken = false;
  };

  /// Empty: the breaker let nothing through for `patience`.
  asio::awaitable<std::optional<Turn>> turn(std::chrono::milliseconds patience);
  template <class T>
  asio::awaitable<Asked<T>> ask(Begin begin,
                                std::function<Task<T>(Deadline)> send,
                                std::chrono::milliseconds patience);
  void wake_next();
  void wake_all();
  [[nodiscard]] std::string out_of_order() const;

  std::shared_ptr<Actuator> actuator_;
  ProductLimits limits_;
  Turned turned_;
  Breaker breaker_;
  std::size_t under_way_ = 0;
  std::deque<std::shared_ptr<Waiter>> waiting_;
  std::string last_failure_;
  std::uint64_t opened_ = 0;
};

}  // namespace sallyport::act
