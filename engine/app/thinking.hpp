#pragma once

#include "engine/base/task_group.hpp"
#include "engine/investigate/counsel.hpp"
#include "engine/model/alert.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <thread>

namespace sallyport::app {

/// Where investigations wait for language models: a loop and a thread of its own, so that neither
/// the API nor the embedded reasoner waits for them, and at most so many at once.
///
/// Thread-safe but for stop(). What it holds ends in stop(), which cancels it down to the sockets.
class Thinking {
 public:
  struct Options {
    model::Severity from = model::Severity::low;  ///< Below, nobody is asked. Unknown: asked.
    std::uint32_t at_once = 1000;
  };

  Thinking(Options options, std::function<void(std::exception_ptr)> on_failure);
  ~Thinking();  ///< stop().
  Thinking(const Thinking&) = delete;
  Thinking& operator=(const Thinking&) = delete;

  [[nodiscard]] asio::any_io_executor executor() { return loop_.get_executor(); }

  /// Before the first spawn().
  void use(std::shared_ptr<const investigate::Counsel> counsel) { counsel_ = std::move(counsel); }

  [[nodiscard]] const std::shared_ptr<const investigate::Counsel>& counsel() const {
    return counsel_;
  }

  [[nodiscard]] bool wants(const model::Alert& alert) const;

  /// Whether enter() would give a place now.
  [[nodiscard]] bool has_room() const noexcept { return under_way_ < options_.at_once; }

  /// Takes a place; false: there is none. Every place taken is given back by spawn()'s task ending.
  [[nodiscard]] bool enter();

  /// Runs `task` in the place that was taken. After stop() it is dropped, and `dropped` called.
  void spawn(std::function<asio::awaitable<void>()> task, std::function<void()> dropped);

  [[nodiscard]] std::size_t under_way() const noexcept { return under_way_; }

  /// Cancels what runs and waits for its end. Once.
  void stop();

 private:
  asio::awaitable<void> in_its_place(std::function<asio::awaitable<void>()> task);

  Options options_;
  std::shared_ptr<const investigate::Counsel> counsel_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_{loop_.get_executor()};
  TaskGroup tasks_;
  std::atomic<std::uint32_t> under_way_ = 0;
  std::thread thread_;
};

}  // namespace sallyport::app
