#pragma once

#include "connectors/manifest/caller.hpp"
#include "connectors/manifest/plan.hpp"
#include "engine/base/deadline.hpp"
#include "engine/base/time.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/evidence.hpp"

#include <string>
#include <vector>

namespace sallyport::connectors::manifest {

/// A query about one entity, with every value in its canonical form.
struct Inquiry {
  std::string query;
  model::Entity entity;  ///< As the alert has it: what the evidence is about.
  std::string value;     ///< As the product is told it.
  Time about;            ///< When the alert's event was, to the minute.

  friend bool operator==(const Inquiry&, const Inquiry&) = default;
};

/// The inquiry of `plan` about `entity`; `ours` are domains whose names nobody outside is told.
/// Errors: not_found (it does not answer for that kind), invalid_input (the value is not of its
/// type), denied (it is ours, and the product somebody else's).
[[nodiscard]] Result<Inquiry> inquiry_of(const QueryPlan& plan,
                                         const model::Entity& entity,
                                         Time about,
                                         const std::vector<std::string>& ours);

/// What its templates and questions speak of; `options` are the operator's.
[[nodiscard]] json::value facts_of(const QueryPlan& plan,
                                   const Inquiry& inquiry,
                                   const json::object& options);

/// Asks the product, step by step. The evidence is of source `source`: one item of the plan's trust
/// with the values of closed types; where the product also said other things, a second one,
/// `untrusted`. What the product does not know is `empty`.
/// Errors: unavailable, denied (it does not answer), expired, cancelled.
Task<std::vector<model::Evidence>> inquire(const QueryPlan& plan,
                                           Caller& caller,
                                           Inquiry inquiry,
                                           json::object options,
                                           std::string source,
                                           const Clock& clock,
                                           Deadline deadline);

}  // namespace sallyport::connectors::manifest
