#include "engine/app/thinking.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <utility>

namespace sallyport::app {

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

bool Thinking::enter() {
  if (under_way_.fetch_add(1) < options_.at_once) return true;
  --under_way_;
  return false;
}

asio::awaitable<void> Thinking::in_its_place(std::function<asio::awaitable<void>()> task) {
  /// Also when it is cancelled or throws.
  struct Place {
    std::atomic<std::uint32_t>& under_way;

    ~Place() { --under_way; }
  };

  const Place place{under_way_};
  co_await task();
}

void Thinking::spawn(std::function<asio::awaitable<void>()> task, std::function<void()> dropped) {
  asio::post(loop_, [this, task = std::move(task), dropped = std::move(dropped)]() mutable {
    if (tasks_.spawn(in_its_place(std::move(task)))) return;
    --under_way_;
    dropped();
  });
}

void Thinking::stop() {
  if (!thread_.joinable()) return;
  std::promise<void> ended;
  asio::co_spawn(
      loop_,
      [this] { return tasks_.close(); },
      [&ended](const std::exception_ptr&) { ended.set_value(); });
  ended.get_future().wait();
  keep_.reset();
  loop_.stop();
  thread_.join();
}

}  // namespace sallyport::app
