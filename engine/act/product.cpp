#include "engine/act/product.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sallyport::act {

namespace {

using Steady = Deadline::Clock;

asio::awaitable<void> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer{co_await asio::this_coro::executor, time};
  co_await timer.async_wait(asio::use_awaitable);
}

bool is_silence(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::expired;
}

/// Why the product counts as silent; empty: it answered.
std::optional<std::string> silence(const Result<Reading>& reading) {
  if (reading || !is_silence(reading.error())) return std::nullopt;
  return reading.error().detail;
}

std::optional<std::string> silence(const Result<model::Outcome>& outcome) {
  if (outcome && outcome->status == model::OutcomeStatus::unknown) return outcome->detail;
  if (outcome || !is_silence(outcome.error())) return std::nullopt;
  return outcome.error().detail;
}

}  // namespace

/// A place among the requests under way; given back when it ends.
class Product::Turn {
 public:
  Turn(Product& product, Breaker::Pass pass) : product_{&product}, pass_{pass} {
    ++product.under_way_;
  }

  Turn(Turn&& other) noexcept
      : product_{std::exchange(other.product_, nullptr)}, pass_{other.pass_} {}

  Turn& operator=(Turn&&) = delete;
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  ~Turn() {
    if (!product_) return;
    product_->breaker_.given_up(pass_, Steady::now());
    leave();
  }

  /// `silent`: why the product counts as that; empty: it answered.
  void ended(const std::optional<std::string>& silent) {
    auto& breaker = product_->breaker_;
    bool turned = false;
    if (silent) {
      product_->last_failure_ = *silent;
      turned = breaker.failed(pass_, Steady::now());
      if (turned) ++product_->opened_;
    } else {
      turned = breaker.answered(pass_);
      if (breaker.failures() == 0) product_->last_failure_.clear();
    }
    if (turned) product_->turned_(*product_);
    leave(turned);
  }

 private:
  void leave(bool turned = false) {
    auto& product = *std::exchange(product_, nullptr);
    --product.under_way_;
    // After a turn of the breaker, or a trial, all who wait have something else to wait for.
    if (turned || pass_ == Breaker::Pass::trial) return product.wake_all();
    product.wake_next();
  }

  Product* product_;
  Breaker::Pass pass_;
};

Product::Product(std::shared_ptr<Actuator> actuator, ProductLimits limits, Turned turned)
    : actuator_{std::move(actuator)},
      limits_{limits},
      turned_{std::move(turned)},
      breaker_{limits.breaker} {}

bool Product::runs(std::string_view verb) const {
  return std::ranges::find(actuator_->verbs(), verb) != actuator_->verbs().end();
}

void Product::wake_next() {
  if (waiting_.empty()) return;
  const auto next = waiting_.front();
  waiting_.pop_front();
  next->woken = true;
  next->timer.cancel();
}

void Product::wake_all() {
  while (!waiting_.empty()) wake_next();
}

asio::awaitable<std::optional<Product::Turn>> Product::turn(std::chrono::milliseconds patience) {
  std::optional<Steady::time_point> until;  // While it is out of order.
  for (bool first = true;; first = false) {
    const auto now = Steady::now();
    // Who comes stands behind who waits.
    if (under_way_ < limits_.at_once && !(first && !waiting_.empty())) {
      if (const auto pass = breaker_.admit(now); pass != Breaker::Pass::refused) {
        std::optional<Turn> turn{std::in_place, *this, pass};
        if (pass == Breaker::Pass::ordinary && under_way_ < limits_.at_once) wake_next();
        co_return turn;
      }
    }
    auto wake_at = Steady::time_point::max();
    if (breaker_.state() == BreakerState::closed) {
      until.reset();
    } else {
      if (!until) until = now + patience;
      if (now >= *until) co_return std::nullopt;
      wake_at = *until;
      if (breaker_.state() == BreakerState::open)
        wake_at = std::min(wake_at, breaker_.next_trial());
    }
    const auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor);
    waiter->timer.expires_at(wake_at);
    waiting_.push_back(waiter);
    try {
      const auto [error] = co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
      if (error && !waiter->woken) throw boost::system::system_error{error};
    } catch (...) {
      std::erase(waiting_, waiter);
      if (waiter->woken) wake_next();  // somebody else's turn, then
      throw;
    }
    if (!waiter->woken) std::erase(waiting_, waiter);
  }
}

std::string Product::out_of_order() const {
  return fmt::format(
      "nothing is sent to {}: it did not answer {} times in a row, the last time: {}",
      name(),
      breaker_.failures(),
      last_failure_);
}

template <class T>
asio::awaitable<Asked<T>> Product::ask(Begin begin,
                                       std::function<Task<T>(Deadline)> send,
                                       std::chrono::milliseconds patience) {
  auto left = std::chrono::duration_cast<Steady::duration>(limits_.request_timeout);
  for (unsigned attempt = 1;; ++attempt) {
    auto turn = co_await this->turn(patience);
    if (!turn)
      co_return Asked<T>{.answer = fail(Errc::unavailable, out_of_order()), .refused = true};
    if (attempt == 1 && begin) {
      const bool begins = co_await begin();
      if (!begins) co_return Asked<T>{.answer = fail(Errc::cancelled, "not begun")};
    }
    const auto begun = Steady::now();
    const auto deadline = Deadline::in(left);
    auto answer = co_await with_deadline(deadline, send(deadline));
    const bool shows_nothing = !answer && answer.error().code == Errc::cancelled;
    if (!shows_nothing) turn->ended(silence(answer));
    left -= Steady::now() - begun;
    const auto wait = std::chrono::milliseconds{100} * (1U << attempt);
    const bool again = !answer && answer.error().code == Errc::unavailable &&
                       attempt < limits_.attempts && left > wait;
    if (!again) co_return Asked<T>{.answer = std::move(answer)};
    left -= wait;
    co_await pause(wait);
  }
}

asio::awaitable<Asked<Reading>> Product::read(Operation operation,
                                              std::chrono::milliseconds patience) {
  std::function<Task<Reading>(Deadline)> send = [&](Deadline deadline) {
    return actuator_->read(operation, deadline);
  };
  co_return co_await ask(nullptr, std::move(send), patience);
}

namespace {

/// Asks and begins the request without a moment between.
Task<model::Outcome> ask_and_execute(const std::function<bool()>& allowed,
                                     Actuator& actuator,
                                     Operation operation,
                                     Deadline deadline) {
  if (!allowed()) co_return fail(Errc::cancelled, "held back");
  co_return co_await actuator.execute(std::move(operation), deadline);
}

}  // namespace

asio::awaitable<Asked<model::Outcome>> Product::execute(Operation operation,
                                                        Begin begin,
                                                        std::function<bool()> allowed,
                                                        std::chrono::milliseconds patience) {
  std::function<Task<model::Outcome>(Deadline)> send = [&](Deadline deadline) {
    return ask_and_execute(allowed, *actuator_, operation, deadline);
  };
  co_return co_await ask(std::move(begin), std::move(send), patience);
}

ProductHealth Product::health() const {
  return {.name = std::string{name()},
          .verbs = actuator_->verbs(),
          .breaker = breaker_.state(),
          .failures = breaker_.failures(),
          .last_failure = last_failure_,
          .under_way = under_way_,
          .waiting = waiting_.size(),
          .opened = opened_};
}

}  // namespace sallyport::act
