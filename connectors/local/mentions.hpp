#pragma once

#include "engine/model/alert.hpp"
#include "engine/model/evidence.hpp"

#include <string>
#include <vector>

namespace sallyport::connectors::local {

/// An entity of an alert, once, with all the roles in which the alert mentions it.
struct Named {
  const model::Entity* entity;
  std::vector<std::string> roles;
};

/// The alert's entities of the given kinds (all kinds when empty), in its order.
[[nodiscard]] std::vector<Named> entities_of(const model::Alert& alert,
                                             const std::vector<std::string>& kinds);

/// Trusted evidence without data, as of the alert's arrival.
[[nodiscard]] model::Evidence evidence(std::string source,
                                       model::EvidenceStatus status,
                                       const model::Alert& alert,
                                       std::string summary);

/// {"kind": .., "value": ..}
[[nodiscard]] json::object entity_json(const model::Entity& entity);

}  // namespace sallyport::connectors::local
