#pragma once

#include "engine/app/commands/commands.hpp"
#include "engine/store/store.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::app {

/// Where a command that asks no engine finds the store: a data directory, or the settings that name
/// one.
struct StorePlace {
  std::string config;
  std::string data;

  void add_to(Command command);

  /// Errors: those of the settings.
  [[nodiscard]] Result<std::filesystem::path> directory() const;

  /// The store as it is on disk, whether an engine has it open or not. Errors: those of the
  /// settings and of Store::open().
  [[nodiscard]] Result<std::unique_ptr<store::Store>> open() const;
};

/// The one tenant that was asked for, or (empty) all that have a ledger. Errors: not_found.
[[nodiscard]] Result<std::vector<std::string>> asked_tenants(const store::Store& store,
                                                             const std::string& tenant);

}  // namespace sallyport::app
