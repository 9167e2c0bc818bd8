#include "connectors/local/mentions.hpp"

#include <algorithm>

namespace sallyport::connectors::local {

std::vector<Named> entities_of(const model::Alert& alert, const std::vector<std::string>& kinds) {
  std::vector<Named> named;
  for (const auto& mention : alert.entities) {
    if (!kinds.empty() && std::ranges::find(kinds, mention.entity.kind) == kinds.end()) continue;
    const auto known = std::ranges::find_if(
        named, [&](const Named& other) { return *other.entity == mention.entity; });
    if (known == named.end()) {
      named.push_back({&mention.entity, {mention.role}});
    } else if (std::ranges::find(known->roles, mention.role) == known->roles.end()) {
      known->roles.push_back(mention.role);
    }
  }
  return named;
}

model::Evidence evidence(std::string source,
                         model::EvidenceStatus status,
                         const model::Alert& alert,
                         std::string summary) {
  return {.id = {},
          .source = std::move(source),
          .status = status,
          .trust = model::Trust::trusted,
          .summary = std::move(summary),
          .hash = {},
          .observed_at = alert.received_at,
          .signals = {},
          .data = {}};
}

json::object entity_json(const model::Entity& entity) {
  return {{"kind", entity.kind}, {"value", entity.value}};
}

}  // namespace sallyport::connectors::local
