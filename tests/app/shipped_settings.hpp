#pragma once

#include "engine/config/settings.hpp"

#include <filesystem>

namespace sallyport::app::testing {

/// What an engine of a test begins with: data and policy in `folder`, all else as it is shipped.
inline config::Settings shipped_settings(const std::filesystem::path& folder) {
  config::Settings settings;
  settings.data_dir = folder / "data";
  settings.policy = folder / "policy.yaml";
  settings.reasoner = SALLYPORT_SOURCE_DIR "/config/reasoner.yaml";
  settings.grouping = SALLYPORT_SOURCE_DIR "/config/grouping.yaml";
  settings.schemas = SALLYPORT_SOURCE_DIR "/schemas";
  settings.http.listen = "127.0.0.1:0";
  return settings;
}

}  // namespace sallyport::app::testing
