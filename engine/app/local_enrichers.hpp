#pragma once

#include "engine/base/result.hpp"
#include "engine/config/settings.hpp"
#include "engine/investigate/enricher.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sallyport::connectors::local {
class Intel;
class Assets;
class Identities;
class Vulnerabilities;
}  // namespace sallyport::connectors::local

namespace sallyport::connectors::geoip {
class GeoIp;
}  // namespace sallyport::connectors::geoip

namespace sallyport::app {

/// The enrichers that read the files named in the settings: `intel` (and what the feeds of `taxii`
/// have brought), `assets`, `identities`, `vulnerabilities`, `geoip`.
///
/// Copies share the enrichers. Thread-safe.
class LocalEnrichers {
 public:
  /// Reads all files. Errors: not_found, invalid_input, with file and line.
  [[nodiscard]] static Result<LocalEnrichers> load(const config::Settings& settings);

  [[nodiscard]] std::vector<std::shared_ptr<investigate::Enricher>> all() const;

  /// What came of reading again the files that changed; both empty when none did.
  struct Reload {
    std::vector<std::string> read;    ///< The names of what was read again.
    std::vector<std::string> faults;  ///< What could not be: what was known before stays.
  };

  /// Looks whether files changed and reads those that did. Call it every second, on a thread that
  /// may wait: a list of a million indicators takes a second or two.
  [[nodiscard]] Reload reload_if_changed() const;

 private:
  std::shared_ptr<connectors::local::Intel> intel_;
  std::shared_ptr<connectors::local::Assets> assets_;
  std::shared_ptr<connectors::local::Identities> identities_;
  std::shared_ptr<connectors::local::Vulnerabilities> vulnerabilities_;
  std::shared_ptr<connectors::geoip::GeoIp> geoip_;
};

}  // namespace sallyport::app
