#pragma once

#include "connectors/native/base/network.hpp"
#include "connectors/native/nftables/config.hpp"
#include "connectors/native/nftables/ruleset.hpp"
#include "engine/act/actuator.hpp"
#include "engine/base/time.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace sallyport::connectors::nftables {

/// block_ip and unblock_ip on the nftables sets of one network namespace.
///
/// An element carries its own timeout, so a timed block ends in the kernel, also when the engine is
/// down. Everything one call changes is one transaction of the kernel.
///
/// Thread-safe. `clock` must outlive it; `pool` runs the blocking calls.
class Nftables final : public act::Actuator {
 public:
  /// Does not touch the firewall. Errors: invalid_input, naming the option.
  [[nodiscard]] static Result<std::unique_ptr<Nftables>> make(Config config,
                                                              const Clock& clock,
                                                              asio::any_io_executor pool);

  [[nodiscard]] std::string_view name() const override { return config_.name; }

  [[nodiscard]] const std::vector<std::string>& verbs() const override;
  [[nodiscard]] Result<> check(const act::Operation& operation) const override;
  [[nodiscard]] Result<std::vector<act::Planned>> preview(
      const act::Operation& operation) const override;
  Task<act::Reading> read(act::Operation operation, Deadline deadline) override;

  /// Errors besides the port's: conflict where another element stands in the way.
  Task<model::Outcome> execute(act::Operation operation, Deadline deadline) override;
  [[nodiscard]] act::Inverse inverse(const act::Operation& operation,
                                     const act::Reading& before) const override;

 private:
  Nftables(Config config,
           std::vector<Network> never_block,
           std::vector<Network> own,
           const Clock& clock,
           asio::any_io_executor pool);

  [[nodiscard]] Result<Wanted> wanted(const act::Operation& operation) const;
  [[nodiscard]] Result<> may_block(const Network& network, const std::vector<Network>& own) const;
  [[nodiscard]] Result<Found> look(const Network& network) const;
  [[nodiscard]] Result<Found> look_and_prepare(const Network& network) const;
  [[nodiscard]] Result<act::Reading> read_now(const act::Operation& operation) const;
  [[nodiscard]] Result<model::Outcome> execute_now(const act::Operation& operation) const;
  [[nodiscard]] Result<model::Outcome> change(const Wanted& wanted, const Found& found) const;

  Config config_;
  std::vector<Network> never_block_;
  std::vector<Network> own_;  ///< As they were at make(); asked again before a block.
  const Clock& clock_;
  asio::any_io_executor pool_;
};

}  // namespace sallyport::connectors::nftables
