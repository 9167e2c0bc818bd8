#pragma once

#include "connectors/local/watched_files.hpp"
#include "connectors/manifest/connector.hpp"
#include "connectors/native/base/known_places.hpp"
#include "engine/act/actuator.hpp"
#include "engine/model/catalogue.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::manifest {

/// What all connectors of one engine share. The clock outlives them.
struct Surroundings {
  std::shared_ptr<const model::Catalogue> catalogue;
  const Clock& clock;
  asio::any_io_executor executor;  ///< Where sockets live; runs one handler at a time.
  std::shared_ptr<KnownPlaces> places;
};

/// A connector whose manifest may be edited while it runs: a sound one is used from then on, a
/// faulty one changes nothing. What is under way ends with the manifest that it began with. Without
/// its file it runs no verb.
///
/// Thread-safe; reload_if_changed() is for one thread at a time.
class LiveConnector final : public act::Actuator {
 public:
  /// Reads the manifest, if it is there. Errors: invalid_input (the manifest's faults by
  /// file:line:column, an option), not_found (a secret).
  [[nodiscard]] static Result<std::shared_ptr<LiveConnector>> make(Config config,
                                                                   Surroundings surroundings);

  /// True when the manifest was read anew. Errors, once for each change: as make(); what was known
  /// stays.
  [[nodiscard]] Result<bool> reload_if_changed();

  /// The connector of the manifest as it is now; nullptr: it is not there.
  [[nodiscard]] std::shared_ptr<Connector> current() const;

  /// Where its sockets live.
  [[nodiscard]] const asio::any_io_executor& executor() const { return surroundings_.executor; }

  [[nodiscard]] const Config& config() const noexcept { return config_; }

  [[nodiscard]] std::string_view name() const override { return config_.name; }

  /// The product, where the manifest is there.
  [[nodiscard]] std::optional<ConnectorSpec> product() const;

  /// What is wrong with the manifest as it is now; empty: nothing.
  [[nodiscard]] std::string trouble() const;

  /// As Connector::preview(). Errors: unavailable, without its manifest.
  [[nodiscard]] Result<std::vector<Planned>> preview(
      const act::Operation& operation) const override;

  [[nodiscard]] const std::vector<std::string>& verbs() const override;
  [[nodiscard]] Result<> check(const act::Operation& operation) const override;
  Task<act::Reading> read(act::Operation operation, Deadline deadline) override;
  Task<model::Outcome> execute(act::Operation operation, Deadline deadline) override;
  [[nodiscard]] act::Inverse inverse(const act::Operation& operation,
                                     const act::Reading& before) const override;

 private:
  LiveConnector(Config config, Surroundings surroundings);

  [[nodiscard]] Error absent() const;
  [[nodiscard]] Result<bool> read_again();

  Config config_;
  Surroundings surroundings_;
  local::WatchedFiles file_;
  mutable std::mutex mutex_;
  std::shared_ptr<Connector> current_;
  std::string trouble_;
  /// Every list of verbs that was ever current: verbs() hands out references.
  std::set<std::vector<std::string>> verbs_;
  const std::vector<std::string>* verbs_now_;
};

}  // namespace sallyport::connectors::manifest
