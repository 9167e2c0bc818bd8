#pragma once

#include "engine/base/json.hpp"
#include "tests/integration/engine/http_call.hpp"
#include "tests/store/temporary_directory.hpp"
#include "tools/lab/process.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sallyport::testing {

/// How the engine of a test is set up, beside what every engine needs.
struct EngineSetup {
  std::string broker;  ///< Empty: no Kafka.
  std::string topic;
  std::string group;
  std::string source;       ///< The mapping of the topic; empty: recognised.
  std::string dead_letter;  ///< Topics to publish to; empty: none.
  std::string verdicts;
  std::string steps;
  std::string ledger;
  std::string tier = "L0";
  json::object overrides;             ///< As in the policy file.
  json::object tenants;               ///< Others than `default`, as in the policy file.
  std::string token_for = "default";  ///< The tenant of the token; *: all.
  std::string intel;                  ///< The text of a list of indicators (CSV); empty: none.
  json::object connectors;            ///< As in the settings file.
  json::object ingest;                ///< As in the settings file.
  json::object actions;               ///< As in the settings file.
  json::object store;                 ///< As in the settings file.
  json::object models;                ///< As in the settings file.
};

/// The real program, `sallyport run --config FILE`, in a process of its own, with a folder of its
/// own that is gone at the end. The data in it outlives the process, so that a killed engine can
/// be started again.
class Engine {
 public:
  static constexpr auto token = "integration-test-token-0123456789";  ///< With every role.

  explicit Engine(const EngineSetup& setup);
  ~Engine();  ///< Kills it.
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Starts the process and returns at once.
  void start();

  /// Starts it and waits until /readyz says so. Throws with the log's end when it does not.
  void start_and_wait(std::chrono::seconds patience = std::chrono::seconds{30});

  [[nodiscard]] bool ready() const;
  [[nodiscard]] bool running();

  /// SIGKILL, in the middle of whatever it does.
  void kill();

  /// SIGTERM, and waits for the end. The exit status; 128 and the signal's number when a signal
  /// ended it.
  int stop(std::chrono::seconds patience = std::chrono::seconds{60});

  /// As somebody with every role.
  [[nodiscard]] std::optional<HttpAnswer> get(const std::string& target) const;
  [[nodiscard]] std::optional<HttpAnswer> post(const std::string& target,
                                               const std::string& body) const;

  /// A value of /metrics, by the name with its labels as they stand there.
  [[nodiscard]] std::optional<double> metric(const std::string& name) const;

  /// The most memory that the process ever had, in MiB.
  [[nodiscard]] std::size_t peak_memory_mb() const;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] const std::filesystem::path& data() const { return data_; }

  /// All that it printed.
  [[nodiscard]] std::string log() const;

  /// What it printed last.
  [[nodiscard]] std::string log_end() const;

 private:
  TemporaryDirectory folder_;
  std::filesystem::path data_;
  std::uint16_t port_ = 0;
  lab::Process process_;
};

/// Runs `sallyport` with `arguments` to its end; what it printed and how it ended.
[[nodiscard]] lab::Finished run_sallyport(std::vector<std::string> arguments);

/// Whether `holds` comes true within `patience`.
template <class Condition>
[[nodiscard]] bool comes_true(std::chrono::seconds patience, const Condition& holds) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

}  // namespace sallyport::testing
