#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <list>

namespace sallyport {

namespace asio = boost::asio;

/// Owns the coroutines a service starts, so that shutdown can end them: after close() none is
/// running.
///
/// Not thread-safe: every member is called on the executor given to the constructor, which runs one
/// handler at a time (a strand, or a single-threaded io_context). Must outlive its tasks; the
/// destructor of a group that still has tasks ends the process.
class TaskGroup {
 public:
  /// `on_failure` receives what a task threw; it must not throw.
  TaskGroup(asio::any_io_executor executor, std::function<void(std::exception_ptr)> on_failure);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task` and returns true, or returns false without starting it once close() was called.
  [[nodiscard]] bool spawn(asio::awaitable<void> task);

  /// Admits no more tasks, cancels the running ones and waits until the last has ended. Call it
  /// once.
  asio::awaitable<void> close();

  [[nodiscard]] std::size_t running() const noexcept { return running_.size(); }

 private:
  using Children = std::list<asio::cancellation_signal>;

  void ended(Children::iterator child, std::exception_ptr thrown);

  asio::any_io_executor executor_;
  std::function<void(std::exception_ptr)> on_failure_;
  Children running_;
  asio::steady_timer idle_;  ///< Never expires; cancelled when the last task ends.
  bool closing_ = false;
};

}  // namespace sallyport
