#pragma once

#include "engine/base/deadline.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/evidence.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace sallyport::investigate {

/// Something that a model may look up about an entity of the alert: a port of this room.
///
/// The model chooses the query by name and the entity by its place; it writes nothing. Evidence is
/// returned as Enricher does. Thread-safe.
class Query {
 public:
  virtual ~Query() = default;

  /// The name that a model sees: letters, digits and underscores.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// What it answers, in a sentence.
  [[nodiscard]] virtual std::string_view description() const = 0;

  /// Errors: unavailable, expired, cancelled.
  virtual Task<std::vector<model::Evidence>> run(std::shared_ptr<const model::Alert> alert,
                                                 model::Entity entity,
                                                 Deadline deadline) = 0;
};

}  // namespace sallyport::investigate
