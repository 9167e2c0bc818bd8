#pragma once

#include "connectors/local/reloading.hpp"
#include "engine/investigate/enricher.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct MMDB_s;

namespace sallyport::connectors::geoip {

/// Where an address is, as far as the databases say; what they do not say is empty or 0.
struct Place {
  std::string country;  ///< ISO 3166-1, two letters.
  std::string country_name;
  std::string city;
  std::uint32_t network = 0;  ///< Autonomous system.
  std::string operated_by;

  [[nodiscard]] bool known() const { return !country.empty() || network != 0; }
};

/// Databases in MaxMind's format (`.mmdb`), mapped into memory. Immutable; thread-safe for readers.
class Databases {
 public:
  /// Errors: invalid_input (is no such database), unavailable.
  [[nodiscard]] static Result<Databases> read(const std::vector<std::filesystem::path>& files);

  /// What the first database that knows each thing says of `address`.
  [[nodiscard]] Place find(std::string_view address) const;

 private:
  std::vector<std::shared_ptr<MMDB_s>> open_;
};

/// Where the addresses of alerts are: country, city and network, of databases such as GeoLite2 City
/// and ASN. A database is replaced by renaming a new one over it: one that is written in place
/// while it is mapped ends the process.
///
/// Evidence `geo`: one item for each address that is known. Signals: `geo.<role>.<country>` for
/// each role, which count nothing unless config/reasoner.yaml says so. Thread-safe.
class GeoIp final : public investigate::Enricher {
 public:
  /// `paths` are files and folders; none: evidence is `not_collected`. Reads nothing yet.
  explicit GeoIp(std::vector<std::filesystem::path> paths);

  /// Call it at start and then every second. Errors: not_found, invalid_input, unavailable: what
  /// was known stays.
  [[nodiscard]] Result<bool> reload_if_changed() { return databases_.reload_if_changed(); }

  [[nodiscard]] std::string_view name() const override { return "geo"; }

  [[nodiscard]] std::optional<Answer> answer_now(const model::Alert& alert) const override;
  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> alert,
                                            Deadline deadline) override;

 private:
  bool configured_;
  local::Reloading<Databases> databases_;
};

}  // namespace sallyport::connectors::geoip
