#pragma once

#include "engine/config/settings.hpp"
#include "engine/model/action.hpp"
#include "engine/model/verdict.hpp"
#include "engine/observe/log.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace sallyport::app {

/// What somebody beside the engine may listen to. Called on the engine's threads: must not block.
struct Listener {
  std::function<void(const model::Verdict& verdict)> verdict;
  std::function<void(const model::Action& action)> action;
  /// How long after its arrival an alert had its durable verdict.
  std::function<void(const model::Verdict& verdict, std::chrono::microseconds since_arrival)>
      concluded;
  /// An alert is durable in an investigation that another one opened.
  std::function<void()> joined{};
};

/// The whole engine: every room made from the settings and wired to its neighbours.
///
/// make() reads every file and opens the store; start() takes up what a former run left and lets
/// alerts in; stop() drains. Called from one thread.
class Engine {
 public:
  /// Errors: not_found, invalid_input (what a person has to mend, one fault a line), unavailable
  /// (the store, a port).
  [[nodiscard]] static Result<std::unique_ptr<Engine>> make(config::Settings settings,
                                                            observe::Log log,
                                                            Listener listener = {});
  ~Engine();  ///< stop() without patience.
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Errors: as make().
  [[nodiscard]] Result<> start();

  /// Reads the files again that may change while it runs. A faulty one is reported and changes
  /// nothing.
  void reload();

  /// Lets nothing more in, lets what is under way end for up to `patience`, then ends. What was not
  /// ended is taken up at the next start.
  void stop(std::chrono::milliseconds patience);

  /// Where HTTP is served; 0: nowhere.
  [[nodiscard]] std::uint16_t http_port() const;

  /// Handed to the store since the start.
  [[nodiscard]] std::uint64_t bytes_written() const;

  /// Alerts and actions that are under way.
  [[nodiscard]] std::size_t under_way() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::app
