#pragma once

#include "engine/graph/entity_graph.hpp"
#include "engine/investigate/query.hpp"

namespace sallyport::investigate {

/// What earlier alerts said of the entities that an entity was seen with: the second step away from
/// the alert. The first is in every investigation. Lifetime: the graph outlives it.
class Surroundings final : public Query {
 public:
  explicit Surroundings(const graph::EntityGraph& graph) : graph_{graph} {}

  [[nodiscard]] std::string_view name() const override { return "surroundings"; }

  [[nodiscard]] std::string_view description() const override {
    return "the entities that this one was seen with in earlier alerts, and what those alerts said "
           "of them";
  }

  Task<std::vector<model::Evidence>> run(std::shared_ptr<const model::Alert> alert,
                                         model::Entity entity,
                                         Deadline deadline) override;

 private:
  const graph::EntityGraph& graph_;
};

}  // namespace sallyport::investigate
