#pragma once

#include "engine/base/result.hpp"
#include "engine/graph/neighbourhood.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/evidence.hpp"

#include <vector>

namespace sallyport::investigate {

/// What the neighbourhood amounts to: one item of source `graph` for each entity that was seen
/// before (or one that is `empty`), and one of source `history` for the detection.
///
/// Signals: `graph.entity_malicious`, as strong as the share of the entity's alerts that were
/// judged malicious; `graph.severe`, as strong as the share that other detections of severity high
/// and above had within a day; `graph.many_detections` three and more other detections within a
/// day; `graph.other_products` other products alerted on it within a day; `graph.acted_on` the
/// engine or a person acted on it; `history.malicious` the share of malice in the detection's own.
[[nodiscard]] std::vector<model::Evidence> graph_evidence(const graph::Neighbourhood& around,
                                                          const model::Alert& alert);

/// The same where there is no graph (`not_collected`) or it could not be read (`failed`).
[[nodiscard]] model::Evidence without_graph(const model::Alert& alert);
[[nodiscard]] model::Evidence graph_failed(const model::Alert& alert, const Error& error);

}  // namespace sallyport::investigate
