#pragma once

#include "connectors/native/ldap/account.hpp"
#include "connectors/native/ldap/config.hpp"
#include "connectors/native/ldap/session.hpp"
#include "engine/act/actuator.hpp"
#include "engine/base/secret.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace sallyport::connectors::ldap {

/// disable_user and enable_user on one directory.
///
/// A change is a compare-and-set of the one attribute: what somebody else changed meanwhile is
/// never overwritten. Each call is a connection of its own.
///
/// Thread-safe. `pool` runs the blocking calls; each ends by the deadline it is given (name
/// resolution of the operating system excepted: use addresses or a local resolver).
class Ldap final : public act::Actuator {
 public:
  /// Resolves the password; does not connect. Errors: invalid_input, naming the option; not_found
  /// (no such secret).
  [[nodiscard]] static Result<std::unique_ptr<Ldap>> make(Config config,
                                                          asio::any_io_executor pool);

  [[nodiscard]] std::string_view name() const override { return config_.name; }

  [[nodiscard]] const std::vector<std::string>& verbs() const override;
  [[nodiscard]] Result<> check(const act::Operation& operation) const override;
  [[nodiscard]] Result<std::vector<act::Planned>> preview(
      const act::Operation& operation) const override;

  /// Errors besides the port's: conflict where the name fits several entries, denied where the
  /// directory does not let us in.
  Task<act::Reading> read(act::Operation operation, Deadline deadline) override;

  /// Errors besides the port's: conflict where the name fits several entries or somebody else
  /// changed the attribute.
  Task<model::Outcome> execute(act::Operation operation, Deadline deadline) override;
  [[nodiscard]] act::Inverse inverse(const act::Operation& operation,
                                     const act::Reading& before) const override;

 private:
  Ldap(Config config, Secret password, asio::any_io_executor pool);

  /// What finds the one entry that `operation` means. Errors: corrupt.
  [[nodiscard]] Result<std::string> filter_of(const act::Operation& operation) const;
  [[nodiscard]] Result<Entry> find(Session& session,
                                   const act::Operation& operation,
                                   Deadline deadline) const;
  [[nodiscard]] Result<Session> connect(Deadline deadline) const;
  [[nodiscard]] bool is_protected(std::string_view dn) const;
  [[nodiscard]] Result<act::Reading> read_now(const act::Operation& operation,
                                              Deadline deadline) const;
  [[nodiscard]] Result<model::Outcome> execute_now(const act::Operation& operation,
                                                   Deadline deadline) const;

  Config config_;
  Secret password_;
  asio::any_io_executor pool_;
};

}  // namespace sallyport::connectors::ldap
