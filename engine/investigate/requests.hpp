#pragma once

#include "engine/model/alert.hpp"
#include "engine/model/request.hpp"
#include "engine/model/verdict.hpp"

#include <vector>

namespace sallyport::investigate {

/// What the investigation knows, as policy asks for it: `intel` {confidence, lists, indicators},
/// `asset` {criticality, owner, tags, os}, `identity` {privileged, vip, department, status},
/// `history` {alerts, detections, ...}, `technique` (list), `severity`, `verdict`, `source`,
/// `detection`, `flags`.
///
/// `intel` is about `target` alone where the target is itself an indicator (ip, domain, url, hash,
/// email): what is known of another address says nothing of this one. `asset` and `identity` are
/// about the target where it is known, else about the alert's first.
[[nodiscard]] json::object context_of(const model::Verdict& verdict,
                                      const model::Alert& alert,
                                      const model::Target& target);

/// The question to the gate for each proposal, in their order.
[[nodiscard]] std::vector<model::ActionRequest> requests_of(const model::Verdict& verdict,
                                                            const model::Alert& alert);

}  // namespace sallyport::investigate
