#pragma once

#include "engine/base/result.hpp"
#include "engine/config/settings.hpp"
#include "engine/ingest/normalizer.hpp"
#include "engine/investigate/investigator.hpp"
#include "engine/model/catalogue.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace sallyport::app {

// Each loads the files of one room. Errors: not_found, invalid_input; the detail holds every fault,
// one a line.

/// schemas/actions.yaml under `schemas` (empty: of the installation).
[[nodiscard]] Result<model::Catalogue> load_catalogue(const std::string& schemas);

/// schemas/alerts/*.yaml under `schemas` (empty: of the installation).
[[nodiscard]] Result<ingest::Normalizer> load_normalizer(const std::string& schemas);

/// The reasoner's file.
[[nodiscard]] Result<std::shared_ptr<const investigate::Rules>> load_rules(
    const std::filesystem::path& file, const model::Catalogue& catalogue);

/// The folder `schemas` that is meant. Errors: not_found.
[[nodiscard]] Result<std::filesystem::path> schemas_folder(const std::string& schemas);

}  // namespace sallyport::app
