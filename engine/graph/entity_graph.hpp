#pragma once

#include "engine/base/deadline.hpp"
#include "engine/graph/neighbourhood.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/verdict.hpp"
#include "engine/store/store.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace sallyport::graph {

/// Entities, the alerts that named them, and which entities were named together.
///
/// Written per alert: one short entry per entity (and one for the detection), keyed newest first;
/// and, once a day for each pair, the relation between the alert's first entity and each other.
/// Read per alert: two short bounded scans per entity that is not in memory (a third where many
/// actions were done to it); none for one that is. What is in memory equals what the store holds,
/// also after a restart.
///
/// Promise: the cost of an alert does not grow with how often its entities were seen.
/// Thread-safe. Lifetime: the store outlives it.
class EntityGraph {
 public:
  explicit EntityGraph(const store::Store& store, Limits limits = {});
  ~EntityGraph();
  EntityGraph(const EntityGraph&) = delete;
  EntityGraph& operator=(const EntityGraph&) = delete;

  /// Adds the alert to `batch`, with how it was judged where that is known by now. From this moment
  /// neighbourhood() of others sees it; call forget() if the batch was not committed.
  void observe(store::Batch& batch,
               const model::Alert& alert,
               std::optional<model::Judgement> judgement = std::nullopt);

  /// Adds how an alert was judged that was observed before.
  void conclude(store::Batch& batch, const model::Alert& alert, model::Judgement judgement);

  /// Adds that `verb` was done to `target`, for the history of that entity.
  void acted(store::Batch& batch,
             std::string_view tenant,
             const model::Target& target,
             std::string_view verb,
             std::string_view action_id,
             Time at);

  /// Drops what memory holds of the alert's entities; the store is asked again.
  void forget(const model::Alert& alert);

  /// What earlier alerts of the tenant said of this one's entities. The same whether or not the
  /// alert itself was observed; only among the neighbours of entities that were seen before it adds
  /// its own. With `until` no read of the store begins after it: what is late is late by one read
  /// at most. Errors: unavailable, corrupt, expired (after `until`).
  [[nodiscard]] Result<Neighbourhood> neighbourhood(
      const model::Alert& alert, std::optional<Deadline> until = std::nullopt) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::graph
