#include "connectors/local/assets.hpp"

#include "connectors/local/mentions.hpp"
#include "connectors/local/record_file.hpp"
#include "engine/base/cut.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sallyport::connectors::local {

namespace {

Result<Asset> asset_of(const Record& record) {
  static constexpr std::array<std::string_view, 5> levels = {
      "", "low", "medium", "high", "critical"};
  Asset asset{.host = std::string{record["host"]},
              .ips = {},
              .owner = std::string{record["owner"]},
              .criticality = lower_case(record["criticality"]),
              .tags = parts_of(record["tags"]),
              .os = std::string{record["os"]}};
  for (const auto& text : parts_of(record["ip"].empty() ? record["ips"] : record["ip"])) {
    auto address = canonical_address(text);
    if (!address) return std::unexpected{address.error()};
    asset.ips.push_back(*std::move(address));
  }
  if (asset.host.empty() && asset.ips.empty())
    return fail(Errc::invalid_input, "neither host nor ip is given");
  if (std::ranges::find(levels, asset.criticality) == levels.end())
    return fail(
        Errc::invalid_input,
        fmt::format("criticality '{}' is not low, medium, high or critical", asset.criticality));
  return asset;
}

model::Evidence about(const Named& named, const Asset& asset, const model::Alert& alert) {
  auto result =
      evidence("asset",
               model::EvidenceStatus::found,
               alert,
               fmt::format("{} is {}{}{}",
                           cut(named.entity->value, 100),
                           asset.host.empty() ? "a known asset" : asset.host,
                           asset.criticality.empty() ? "" : ", criticality " + asset.criticality,
                           asset.owner.empty() ? "" : ", of " + asset.owner));
  json::object data{{"entity", entity_json(*named.entity)}};
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) data[name] = value;
  };
  put("host", asset.host);
  put("owner", asset.owner);
  put("criticality", asset.criticality);
  put("os", asset.os);
  data["tags"] = json::array(asset.tags.begin(), asset.tags.end());
  result.data = data;
  for (const auto& role : named.roles) {
    for (const auto& tag : asset.tags)
      result.signals.push_back({fmt::format("asset.{}.{}", role, tag), 1});
  }
  if (asset.criticality == "high" || asset.criticality == "critical")
    result.signals.push_back({"asset.critical", 1});
  return result;
}

}  // namespace

Result<AssetInventory> AssetInventory::read(const std::vector<std::filesystem::path>& files) {
  AssetInventory inventory;
  for (const auto& file : files) {
    auto done = read_records(file, {"host", "ip", "ips"}, [&](const Record& record) -> Result<> {
      auto asset = asset_of(record);
      if (!asset) return std::unexpected{asset.error()};
      return inventory.add(*std::move(asset));
    });
    if (!done) return std::unexpected{done.error()};
  }
  return inventory;
}

Result<> AssetInventory::add(Asset asset) {
  const auto index = assets_.size();
  if (!index_.add_name(asset.host, index))
    return fail(Errc::invalid_input, fmt::format("the host {} is listed twice", asset.host));
  for (const auto& address : asset.ips) {
    if (!index_.add_address(address, index))
      return fail(Errc::invalid_input, fmt::format("the address {} is listed twice", address));
  }
  assets_.push_back(std::move(asset));
  return {};
}

const Asset* AssetInventory::find(const model::Entity& entity) const {
  const auto found = index_.find(entity);
  return found ? &assets_[*found] : nullptr;
}

Assets::Assets(std::vector<std::filesystem::path> paths)
    : configured_{!paths.empty()},
      inventory_{WatchedFiles{std::move(paths), {".csv", ".json"}}, &AssetInventory::read} {}

std::optional<investigate::Enricher::Answer> Assets::answer_now(const model::Alert& alert) const {
  std::vector<model::Evidence> result;
  if (!configured_) {
    result.push_back(evidence("asset",
                              model::EvidenceStatus::not_collected,
                              alert,
                              "no inventory of assets is configured"));
    return result;
  }
  const auto inventory = inventory_.current();
  const auto named = entities_of(alert, {"host", "ip"});
  for (const auto& entity : named) {
    if (const auto* asset = inventory->find(*entity.entity))
      result.push_back(about(entity, *asset, alert));
  }
  if (result.empty())
    result.push_back(
        evidence("asset",
                 model::EvidenceStatus::empty,
                 alert,
                 fmt::format("none of {} hosts and addresses is in the inventory", named.size())));
  return result;
}

Task<std::vector<model::Evidence>> Assets::enrich(std::shared_ptr<const model::Alert> alert,
                                                  Deadline /*deadline*/) {
  co_return *answer_now(*alert);
}

}  // namespace sallyport::connectors::local
