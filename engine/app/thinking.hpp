#pragma once

#include "engine/base/fair_queue.hpp"
#include "engine/base/task_group.hpp"
#include "engine/investigate/counsel.hpp"
#include "engine/model/alert.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace sallyport::app {

/// Where investigations wait for language models: a loop and a thread of its own, so that neither
/// the API nor the embedded reasoner waits for them. It is the one owner of the places for them:
/// so many at once, and so many more that wait for a place, the nearest deadline first and fair per
/// tenant (base/fair_queue.hpp). None waits longer than is of use, none is dropped: who gets no
/// place is told so, and gets along without a model.
///
/// Thread-safe but for stop(). What it holds ends in stop(), which cancels it down to the sockets.
class Thinking {
 public:
  struct Options {
    model::Severity from = model::Severity::low;  ///< Below, nobody is asked. Unknown: asked.
    std::uint32_t at_once = 1000;
    std::uint32_t waiting = 1000;
    /// With less than this left of the budget it is of no use to begin.
    std::chrono::milliseconds least{8000};
  };

  /// An investigation that wants a place. Exactly one of these is called, once, on any thread.
  struct Wish {
    std::function<asio::awaitable<void>()> task;   ///< It got one: what it does there.
    std::function<void(std::string why)> without;  ///< It gets none.
    std::function<void()> dropped;                 ///< The engine stops.
  };

  Thinking(Options options, std::function<void(std::exception_ptr)> on_failure);
  ~Thinking();  ///< stop().
  Thinking(const Thinking&) = delete;
  Thinking& operator=(const Thinking&) = delete;

  [[nodiscard]] asio::any_io_executor executor() { return loop_.get_executor(); }

  /// Before the first submit().
  void use(std::shared_ptr<const investigate::Counsel> counsel) { counsel_ = std::move(counsel); }

  [[nodiscard]] const std::shared_ptr<const investigate::Counsel>& counsel() const {
    return counsel_;
  }

  [[nodiscard]] bool wants(const model::Alert& alert) const;

  /// Why an investigation of `alert` that ends at `deadline` would get no place, not even one to
  /// wait in; empty: it would.
  [[nodiscard]] std::string would_refuse(const model::Alert& alert, Deadline deadline) const;

  void submit(const model::Alert& alert, Deadline deadline, Wish wish);

  /// Runs `task` on the loop, beside the investigations, until it ends or stop() cancels it.
  /// After stop() it is never begun. On any thread.
  void beside(std::function<asio::awaitable<void>()> task);

  [[nodiscard]] std::size_t under_way() const;
  [[nodiscard]] std::size_t waiting() const;

  /// Cancels what runs and waits for its end; drops what waits. Once.
  void stop();

 private:
  [[nodiscard]] Claim claim_of(const model::Alert& alert, Deadline deadline) const;
  [[nodiscard]] std::string crowded() const;
  void start(Wish wish);
  asio::awaitable<void> in_its_place(std::function<asio::awaitable<void>()> task);
  void leave();
  /// Tells those whose turn did not come in time, and sleeps until the next one's is over. On the
  /// loop.
  void look_at_the_clock();

  Options options_;
  asio::io_context loop_{1};
  std::shared_ptr<const investigate::Counsel> counsel_;  ///< Its connections live on the loop.
  asio::executor_work_guard<asio::io_context::executor_type> keep_{loop_.get_executor()};
  TaskGroup tasks_;
  asio::steady_timer alarm_{loop_};
  mutable std::mutex mutex_;
  FairQueue<Wish> queue_;      ///< Guarded by mutex_, as what follows.
  std::size_t under_way_ = 0;  ///< Places taken.
  Claim::Moment alarm_at_ = Claim::Moment::max();
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sallyport::app
