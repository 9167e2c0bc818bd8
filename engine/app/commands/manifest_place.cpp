#include "engine/app/commands/manifest_place.hpp"

#include "engine/base/spelling.hpp"
#include "engine/config/document.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::app {

namespace {

bool is_manifest(const std::filesystem::directory_entry& entry) {
  return entry.is_regular_file() && entry.path().extension() == ".yaml";
}

}  // namespace

Result<std::vector<ManifestPlace>> shipped_manifests() {
  const auto home = config::home();
  if (!home) return std::unexpected{home.error()};
  const auto folder = *home / "connectors";
  std::vector<ManifestPlace> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder, error})
    if (is_manifest(entry))
      found.push_back({.file = entry.path(),
                       .shipped = std::filesystem::relative(entry.path(), folder).string()});
  if (error || found.empty())
    return fail(Errc::not_found, fmt::format("{}: no manifests are there", folder.string()));
  std::ranges::sort(found, {}, &ManifestPlace::shipped);
  return found;
}

Result<ManifestPlace> manifest_place(const std::string& name) {
  const auto shipped = shipped_manifests();
  std::vector<std::string> known;
  if (shipped) {
    for (const auto& place : *shipped) {
      const std::filesystem::path path{place.shipped};
      known.push_back(path.stem().string());
      std::error_code other;
      if (name == place.shipped ||
          name == std::filesystem::path{path}.replace_extension().string() ||
          name == known.back() || std::filesystem::equivalent(name, place.file, other))
        return place;
    }
  }
  std::error_code error;
  if (std::filesystem::is_regular_file(name, error))
    return ManifestPlace{.file = name, .shipped = {}};
  const std::vector<std::string_view> names{known.begin(), known.end()};
  return fail(
      Errc::not_found,
      fmt::format(
          "'{}' is no file and no manifest of the installation{}", name, suggestion(name, names)));
}

}  // namespace sallyport::app
