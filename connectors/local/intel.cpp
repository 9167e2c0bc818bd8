#include "connectors/local/intel.hpp"

#include "connectors/local/indicator_files.hpp"
#include "connectors/local/mentions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::connectors::local {

namespace {

model::Evidence about(const model::Entity& entity,
                      const std::vector<Hit>& hits,
                      const model::Alert& alert) {
  double bad = 0;
  bool good = false;
  json::array lists;
  for (const auto& hit : hits) {
    good = good || hit.good;
    if (!hit.good) bad = std::max(bad, hit.confidence);
    const json::value name{hit.list};
    if (std::ranges::find(lists, name) == lists.end()) lists.push_back(name);
  }
  auto result = evidence("intel",
                         model::EvidenceStatus::found,
                         alert,
                         fmt::format("{} {} is on {} ({} confidence {:.2f})",
                                     entity.kind,
                                     std::string_view{entity.value}.substr(0, 100),
                                     hits.front().list,
                                     bad > 0 ? "known bad," : "reputable,",
                                     bad > 0 ? bad : hits.front().confidence));
  if (bad > 0) {
    result.signals.push_back({"intel.known_bad", bad});
    result.signals.push_back({"intel.known_bad." + entity.kind, bad});
  }
  if (good) result.signals.push_back({"intel.known_good", 1});
  json::object data{{"entity", entity_json(entity)},
                    {"indicator", hits.front().indicator},
                    {"lists", std::move(lists)},
                    {"confidence", bad}};
  if (good) data["known_good"] = true;
  result.data = data;
  return result;
}

}  // namespace

Intel::Intel(std::vector<std::filesystem::path> paths)
    : configured_{!paths.empty()},
      lists_{WatchedFiles{std::move(paths), indicator_extensions()}, &read_indicators} {}

std::optional<investigate::Enricher::Answer> Intel::answer_now(const model::Alert& alert) const {
  std::vector<model::Evidence> result;
  if (!configured_) {
    result.push_back(evidence("intel",
                              model::EvidenceStatus::not_collected,
                              alert,
                              "no threat-intelligence lists are configured"));
    return result;
  }
  const auto lists = lists_.current();
  const auto named = entities_of(alert, {});
  for (const auto& [entity, roles] : named) {
    const auto hits = lists->find(*entity, alert.received_at);
    if (!hits.empty()) result.push_back(about(*entity, hits, alert));
  }
  if (result.empty())
    result.push_back(evidence("intel",
                              model::EvidenceStatus::empty,
                              alert,
                              fmt::format("none of {} entities is on a list", named.size())));
  return result;
}

Task<std::vector<model::Evidence>> Intel::enrich(std::shared_ptr<const model::Alert> alert,
                                                 Deadline /*deadline*/) {
  co_return *answer_now(*alert);
}

}  // namespace sallyport::connectors::local
