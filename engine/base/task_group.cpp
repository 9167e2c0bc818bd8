#include "engine/base/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace sallyport {

TaskGroup::TaskGroup(asio::any_io_executor executor,
                     std::function<void(std::exception_ptr)> on_failure)
    : executor_{std::move(executor)},
      on_failure_{std::move(on_failure)},
      idle_{executor_, asio::steady_timer::time_point::max()} {}

TaskGroup::~TaskGroup() {
  if (!running_.empty()) std::terminate();  // the tasks would touch a dead group
}

bool TaskGroup::spawn(asio::awaitable<void> task) {
  if (closing_) return false;
  const auto child = running_.emplace(running_.end());
  auto done = [this, child](std::exception_ptr thrown) { ended(child, std::move(thrown)); };
  // Bound to the executor, so that a signal emitted on it cannot race the task.
  asio::co_spawn(
      executor_,
      std::move(task),
      asio::bind_cancellation_slot(child->slot(), asio::bind_executor(executor_, std::move(done))));
  return true;
}

asio::awaitable<void> TaskGroup::close() {
  closing_ = true;
  for (auto& child : running_) child.emit(asio::cancellation_type::terminal);
  while (!running_.empty()) {
    const auto [error] = co_await idle_.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)error;  // the timer never fires: a wake-up means that a task ended
  }
}

void TaskGroup::ended(Children::iterator child, std::exception_ptr thrown) {
  running_.erase(child);
  if (thrown && !closing_) on_failure_(std::move(thrown));
  if (running_.empty()) idle_.cancel();
}

}  // namespace sallyport
