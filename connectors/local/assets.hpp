#pragma once

#include "connectors/local/host_index.hpp"
#include "connectors/local/reloading.hpp"
#include "engine/investigate/enricher.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::local {

struct Asset {
  std::string host;
  std::vector<std::string> ips;
  std::string owner;
  std::string criticality;  ///< low, medium, high, critical; empty: not said.
  std::vector<std::string> tags;
  std::string os;
};

/// Machines by name and address. Names compare without case; a short name finds a qualified one,
/// and the other way round, where only one is meant.
class AssetInventory {
 public:
  /// Errors: invalid_input.
  [[nodiscard]] static Result<AssetInventory> read(const std::vector<std::filesystem::path>& files);

  [[nodiscard]] const Asset* find(const model::Entity& entity) const;

  [[nodiscard]] std::size_t size() const noexcept { return assets_.size(); }

 private:
  [[nodiscard]] Result<> add(Asset asset);

  std::vector<Asset> assets_;
  HostIndex index_;
};

/// The inventory of assets: CSV with the columns host, ip, owner, criticality, tags, os (several
/// addresses or tags separated by ';'), or JSON with the same names.
///
/// Evidence `asset`: one item for each host or address that is known. Signals:
/// `asset.<role>.<tag>` for each role and tag; `asset.critical` for criticality high and critical.
/// Thread-safe.
class Assets final : public investigate::Enricher {
 public:
  /// `paths` are files and folders; none: evidence is `not_collected`. Reads nothing yet.
  explicit Assets(std::vector<std::filesystem::path> paths);

  /// Call it at start and then every second. Errors: as Intel::reload_if_changed().
  [[nodiscard]] Result<bool> reload_if_changed() { return inventory_.reload_if_changed(); }

  [[nodiscard]] std::size_t size() const { return inventory_.current()->size(); }

  [[nodiscard]] std::string_view name() const override { return "asset"; }

  [[nodiscard]] std::optional<Answer> answer_now(const model::Alert& alert) const override;
  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> alert,
                                            Deadline deadline) override;

 private:
  bool configured_;
  Reloading<AssetInventory> inventory_;
};

}  // namespace sallyport::connectors::local
