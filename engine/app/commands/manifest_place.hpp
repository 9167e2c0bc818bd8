#pragma once

#include "engine/base/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sallyport::app {

/// A manifest that a person named.
struct ManifestPlace {
  std::filesystem::path file;
  std::string
      shipped;  ///< Below connectors/ of the installation: `idp/okta.yaml`; empty: elsewhere.
};

/// The manifests of the installation, by path. Errors: not_found (no installation).
[[nodiscard]] Result<std::vector<ManifestPlace>> shipped_manifests();

/// `name`: a file, one below connectors/ of the installation (`idp/okta.yaml`, `idp/okta`), or the
/// name of one there (`okta`). Errors: not_found, with what there is.
[[nodiscard]] Result<ManifestPlace> manifest_place(const std::string& name);

}  // namespace sallyport::app
