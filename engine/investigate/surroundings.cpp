#include "engine/investigate/surroundings.hpp"

#include "engine/investigate/graph_evidence.hpp"

#include <algorithm>

namespace sallyport::investigate {

Task<std::vector<model::Evidence>> Surroundings::run(std::shared_ptr<const model::Alert> alert,
                                                     model::Entity entity,
                                                     Deadline /*deadline*/) {
  // The graph is asked about an alert: one of the same tenant, place and time that names others.
  model::Alert around{.tenant = alert->tenant,
                      .uid = alert->uid,
                      .source = alert->source,
                      .detection = {},
                      .title = {},
                      .severity = alert->severity,
                      .time = alert->time,
                      .received_at = alert->received_at,
                      .techniques = {},
                      .entities = {{entity, "mentioned", true}},
                      .content_hash = {},
                      .finding = {}};
  const auto one = graph_.neighbourhood(around);
  if (!one) co_return std::unexpected{one.error()};
  around.entities.clear();
  for (const auto& history : one->entities) {
    if (!history.neighbours) continue;
    for (const auto& neighbour : *history.neighbours) {
      const bool told = std::ranges::any_of(
          alert->entities, [&](const model::Mention& m) { return m.entity == *neighbour; });
      if (!told) around.entities.push_back({*neighbour, "mentioned", true});
    }
  }
  const auto others = graph_.neighbourhood(around);
  if (!others) co_return std::unexpected{others.error()};
  auto items = graph_evidence(*others, around);
  for (auto& item : items) {
    item.source = "graph.surroundings";
    item.signals.clear();  // they are about others than this alert's entities
    if (item.status == model::EvidenceStatus::empty)
      item.summary = fmt::format("{} was seen with nothing that other alerts named", entity.kind);
  }
  co_return items;
}

}  // namespace sallyport::investigate
