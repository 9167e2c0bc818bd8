#pragma once

#include "engine/app/engine.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::app::demo {

/// Hears what the engine tells and lets the demo wait for it. Every wait ends at once after
/// interrupt().
///
/// Thread-safe. Must outlive the engine that its listener() was given to.
class Watcher {
 public:
  using Patience = std::chrono::milliseconds;

  [[nodiscard]] Listener listener();

  /// Waits until so many alerts since the beginning have led to a verdict, or joined the
  /// investigation of another. False: they did not.
  [[nodiscard]] bool wait_alerts(std::size_t count, Patience patience);

  /// Alerts that joined an investigation and changed nothing there.
  [[nodiscard]] std::size_t joined() const;

  /// The verdicts after the first `from`, in the order in which they became durable.
  [[nodiscard]] std::vector<model::Verdict> verdicts(std::size_t from = 0) const;

  /// Waits until an action has come to rest; empty: it did not.
  [[nodiscard]] std::optional<model::Action> wait_action(const std::string& id, Patience patience);

  /// Waits for nothing but interrupt(); true: it came.
  bool pause(Patience patience);
  void wait_for_interrupt();

  void interrupt();
  [[nodiscard]] bool interrupted() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<model::Verdict> verdicts_;
  std::size_t joined_ = 0;
  std::map<std::string, model::Action> actions_;
  bool interrupted_ = false;
};

}  // namespace sallyport::app::demo
