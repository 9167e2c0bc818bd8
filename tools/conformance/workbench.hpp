#pragma once

#include "engine/act/executor.hpp"
#include "engine/base/ulid.hpp"
#include "engine/gate/gate.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/store/store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace sallyport::conformance {

/// A loop with a thread of its own, as the engine's.
class Loop {
 public:
  Loop() : thread_{[this] { loop_.run(); }} {}

  ~Loop() {
    work_.reset();
    loop_.stop();
    thread_.join();
  }

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] asio::any_io_executor executor() { return loop_.get_executor(); }

 private:
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  std::thread thread_;
};

/// Waits for `task` on a fresh loop.
template <class T>
Result<T> wait(Task<T> task) {
  Result<T> result = fail(Errc::cancelled, "did not end");
  asio::io_context loop{1};
  std::exception_ptr thrown;
  auto keep = [](Task<T> work, Result<T>& into) -> asio::awaitable<void> {
    into = co_await std::move(work);
  };
  asio::co_spawn(loop, keep(std::move(task), result), [&thrown](std::exception_ptr error) {
    thrown = std::move(error);
  });
  loop.run();
  if (thrown) std::rethrow_exception(thrown);
  return result;
}

/// A folder of this process's own, removed with what is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// What decides about the actions of a workbench.
struct Authority {
  std::shared_ptr<const gate::Policy> policy;
  std::string tenant;
  model::Actor actor{.kind = "analyst", .id = "connector-test"};
};

/// Lets every verb of the catalogue run: for the lab, where nothing real can be hit.
[[nodiscard]] Authority anything_goes(const model::Catalogue& catalogue);

/// What an action passes in the engine around one connector: a real store, the gate, the executor.
/// For one thread.
class Workbench {
 public:
  /// Errors: unavailable (the store).
  [[nodiscard]] static Result<std::unique_ptr<Workbench>> make(
      std::shared_ptr<act::Actuator> actuator, Authority authority, act::ExecutorOptions options);

  /// Asks the gate, and runs what it permits to its end. Errors: denied (what the gate says
  /// otherwise, with its rationale), and those of the executor.
  [[nodiscard]] Result<model::Action> run(const std::string& verb,
                                          model::Target target,
                                          json::object parameters = {},
                                          const std::string& reverses = "");

  /// Undoes `action` the way the engine does: a new action through the gate. Errors: as run();
  /// conflict, where there is nothing to undo.
  [[nodiscard]] Result<model::Action> roll_back(const model::Action& action);

  [[nodiscard]] Result<model::Action> stored(const model::Action& action) const;

  [[nodiscard]] act::Executor& executor() noexcept { return *executor_; }

 private:
  Workbench(std::shared_ptr<act::Actuator> actuator, Authority authority);

  TemporaryFolder folder_;
  SystemClock clock_;
  UlidSource ids_;
  std::shared_ptr<act::Actuator> actuator_;
  Authority authority_;
  gate::Gate gate_;
  std::unique_ptr<store::Store> store_;
  std::optional<act::Actions> actions_;
  std::optional<act::Executor> executor_;
};

}  // namespace sallyport::conformance
