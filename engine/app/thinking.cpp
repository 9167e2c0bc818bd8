#include "engine/app/thinking.hpp"

#include "engine/reason/urgency.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <future>
#include <utility>

namespace sallyport::app {

namespace {

using Steady = Deadline::Clock;

constexpr std::string_view too_late = "not asked: its turn did not come in time";

}  // namespace

Thinking::Thinking(Options options, std::function<void(std::exception_ptr)> on_failure)
    : options_{options},
      tasks_{loop_.get_executor(), std::move(on_failure)},
      thread_{[this] { loop_.run(); }} {}

Thinking::~Thinking() {
  stop();
}

bool Thinking::wants(const model::Alert& alert) const {
  return alert.severity >= options_.from || alert.severity == model::Severity::unknown;
}

Claim Thinking::claim_of(const model::Alert& alert, Deadline deadline) const {
  return {.party = alert.tenant,
          .urgency = reason::urgency_of(alert.severity),
          .due = deadline.at(),
          .until = deadline.at() - options_.least,
          .cost = 1};
}

std::string Thinking::crowded() const {
  return fmt::format(
      "not asked: {} investigations wait for one, {} for a place", under_way_, queue_.size());
}

std::string Thinking::would_refuse(const model::Alert& alert, Deadline deadline) const {
  const auto claim = claim_of(alert, deadline);
  if (claim.until <= Steady::now()) return std::string{too_late};
  const std::scoped_lock lock{mutex_};
  if (under_way_ < options_.at_once || queue_.size() < options_.waiting ||
      queue_.would_displace(claim))
    return {};
  return crowded();
}

void Thinking::submit(const model::Alert& alert, Deadline deadline, Wish wish) {
  auto claim = claim_of(alert, deadline);
  if (claim.until <= Steady::now()) return wish.without(std::string{too_late});
  std::optional<Wish> spared;
  std::string why;
  {
    const std::scoped_lock lock{mutex_};
    if (stopping_) {
      spared = std::move(wish);
    } else if (under_way_ < options_.at_once) {
      ++under_way_;
      return start(std::move(wish));
    } else {
      const bool earlier = claim.until < alarm_at_;
      if (earlier) alarm_at_ = claim.until;
      queue_.push(std::move(claim), std::move(wish));
      if (queue_.size() > options_.waiting) {
        spared = queue_.pop_worst();
        why = crowded();
      }
      if (earlier) asio::post(loop_, [this] { look_at_the_clock(); });
    }
  }
  if (!spared) return;
  if (why.empty()) return spared->dropped();
  spared->without(std::move(why));
}

void Thinking::look_at_the_clock() {
  std::vector<Wish> late;
  {
    const std::scoped_lock lock{mutex_};
    if (stopping_) return;
    late = queue_.take_overdue(Steady::now());
    alarm_at_ = queue_.next_overdue().value_or(Claim::Moment::max());
    alarm_.expires_at(alarm_at_);
  }
  if (alarm_.expiry() != Claim::Moment::max()) {
    alarm_.async_wait([this](boost::system::error_code error) {
      if (!error) look_at_the_clock();
    });
  }
  for (const auto& wish : late) wish.without(std::string{too_late});
}

void Thinking::leave() {
  const std::scoped_lock lock{mutex_};
  if (auto next = stopping_ ? std::nullopt : queue_.pop()) return start(*std::move(next));
  --under_way_;
}

asio::awaitable<void> Thinking::in_its_place(std::function<asio::awaitable<void>()> task) {
  /// Also when it is cancelled or throws.
  struct Place {
    Thinking& owner;

    ~Place() { owner.leave(); }
  };

  const Place place{*this};
  co_await task();
}

void Thinking::start(Wish wish) {
  asio::post(loop_, [this, wish = std::move(wish)]() mutable {
    if (tasks_.spawn(in_its_place(std::move(wish.task)))) return;
    leave();
    wish.dropped();
  });
}

void Thinking::beside(std::function<asio::awaitable<void>()> task) {
  asio::post(loop_, [this, task = std::move(task)] { (void)tasks_.spawn(task()); });
}

std::size_t Thinking::under_way() const {
  const std::scoped_lock lock{mutex_};
  return under_way_;
}

std::size_t Thinking::waiting() const {
  const std::scoped_lock lock{mutex_};
  return queue_.size();
}

void Thinking::stop() {
  if (!thread_.joinable()) return;
  std::vector<Wish> waiting;
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
    while (auto wish = queue_.pop()) waiting.push_back(*std::move(wish));
  }
  for (const auto& wish : waiting) wish.dropped();
  std::promise<void> ended;
  asio::co_spawn(
      loop_,
      [this]() -> asio::awaitable<void> {
        alarm_.cancel();
        co_await tasks_.close();
      },
      [&ended](const std::exception_ptr&) { ended.set_value(); });
  ended.get_future().wait();
  keep_.reset();
  loop_.stop();
  thread_.join();
}

}  // namespace sallyport::app
