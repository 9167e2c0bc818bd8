#pragma once

#include "connectors/native/ssh/config.hpp"
#include "connectors/native/ssh/job.hpp"
#include "connectors/native/ssh/session.hpp"
#include "engine/act/actuator.hpp"
#include "engine/base/secret.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace sallyport::connectors::ssh {

/// kill_process, quarantine_file, restore_file, isolate_host and release_host on machines reached
/// over SSH.
///
/// What runs there is one fixed script; values reach it as quoted arguments and never as text of a
/// command. A host whose key is not the known one is not spoken to.
///
/// Thread-safe. `pool` runs the blocking calls; each ends by the deadline it is given.
class Ssh final : public act::Actuator {
 public:
  /// Resolves the passphrase; does not connect. Errors: invalid_input, naming the option; not_found
  /// (no such secret).
  [[nodiscard]] static Result<std::unique_ptr<Ssh>> make(Config config, asio::any_io_executor pool);

  [[nodiscard]] std::string_view name() const override { return config_.name; }

  [[nodiscard]] const std::vector<std::string>& verbs() const override;
  [[nodiscard]] Result<> check(const act::Operation& operation) const override;
  [[nodiscard]] Result<std::vector<act::Planned>> preview(
      const act::Operation& operation) const override;
  Task<act::Reading> read(act::Operation operation, Deadline deadline) override;

  /// Errors besides the port's: conflict where what is there now is not what was meant.
  Task<model::Outcome> execute(act::Operation operation, Deadline deadline) override;
  [[nodiscard]] act::Inverse inverse(const act::Operation& operation,
                                     const act::Reading& before) const override;

 private:
  Ssh(Config config, Secret passphrase, asio::any_io_executor pool);

  [[nodiscard]] Result<act::Reading> read_now(const act::Operation& operation,
                                              Deadline deadline) const;
  [[nodiscard]] Result<model::Outcome> execute_now(const act::Operation& operation,
                                                   Deadline deadline) const;
  [[nodiscard]] Result<act::Reading> look(Session& session,
                                          const Job& job,
                                          const act::Operation& operation) const;

  Config config_;
  Secret passphrase_;
  asio::any_io_executor pool_;
};

}  // namespace sallyport::connectors::ssh
