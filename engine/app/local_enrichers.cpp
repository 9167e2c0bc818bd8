#include "engine/app/local_enrichers.hpp"

#include "connectors/geoip/geoip.hpp"
#include "connectors/local/assets.hpp"
#include "connectors/local/identities.hpp"
#include "connectors/local/intel.hpp"
#include "connectors/local/vulnerabilities.hpp"
#include "engine/app/feeds.hpp"

#include <filesystem>

namespace sallyport::app {

namespace local = connectors::local;

namespace {

std::vector<std::filesystem::path> paths(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

/// The lists, and the folders of feeds that have brought something.
std::vector<std::filesystem::path> intel_of(const config::Settings& settings) {
  auto found = paths(settings.intel);
  for (const auto& [name, options] : settings.taxii) {
    auto folder = feed_folder(settings, name);
    std::error_code ignored;
    if (std::filesystem::is_directory(folder, ignored)) found.push_back(std::move(folder));
  }
  return found;
}

}  // namespace

Result<LocalEnrichers> LocalEnrichers::load(const config::Settings& settings) {
  LocalEnrichers result;
  result.intel_ = std::make_shared<local::Intel>(intel_of(settings));
  result.assets_ = std::make_shared<local::Assets>(paths(settings.assets));
  result.identities_ = std::make_shared<local::Identities>(paths(settings.identities));
  result.vulnerabilities_ =
      std::make_shared<local::Vulnerabilities>(paths(settings.vulnerabilities));
  result.geoip_ = std::make_shared<connectors::geoip::GeoIp>(paths(settings.geoip));
  auto loaded = result.reload_if_changed();
  if (loaded.faults.empty()) return result;
  std::string all;
  for (const auto& fault : loaded.faults) {
    if (!all.empty()) all += '\n';
    all += fault;
  }
  return fail(Errc::invalid_input, std::move(all));
}

std::vector<std::shared_ptr<investigate::Enricher>> LocalEnrichers::all() const {
  return {intel_, assets_, identities_, vulnerabilities_, geoip_};
}

LocalEnrichers::Reload LocalEnrichers::reload_if_changed() const {
  Reload reload;
  const auto look = [&](auto& enricher) {
    const auto changed = enricher.reload_if_changed();
    if (!changed) {
      reload.faults.push_back(changed.error().detail);
    } else if (*changed) {
      reload.read.emplace_back(enricher.name());
    }
  };
  look(*intel_);
  look(*assets_);
  look(*identities_);
  look(*vulnerabilities_);
  look(*geoip_);
  return reload;
}

}  // namespace sallyport::app
