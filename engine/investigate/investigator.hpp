#pragma once

#include "engine/base/deadline.hpp"
#include "engine/base/time.hpp"
#include "engine/base/ulid.hpp"
#include "engine/graph/entity_graph.hpp"
#include "engine/investigate/counsel.hpp"
#include "engine/investigate/enricher.hpp"
#include "engine/investigate/signals.hpp"
#include "engine/investigate/step.hpp"
#include "engine/model/verdict.hpp"
#include "engine/reason/reasoner.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace sallyport::investigate {

/// The rules that judge, as one immutable snapshot of config/reasoner.yaml.
struct Rules {
  SignalRules signals;
  reason::Reasoner reasoner;

  /// Nothing is returned when one of the faults is an error.
  [[nodiscard]] static std::shared_ptr<const Rules> read(const json::value& document,
                                                         const model::Catalogue& catalogue,
                                                         Faults& faults);
};

/// Investigates alerts: context, enrichment, reasoning, verdict.
///
/// Promises: a verdict by the deadline; an enricher that hangs or fails becomes evidence `failed`
/// and an entry in `missing`; the same answers give the same verdict (but for its id and times).
/// Acts on nothing. Thread-safe. Lifetime: `graph`, `clock` and `ids` outlive it.
class Investigator {
 public:
  /// `graph` may be nullptr: then history is not collected, and the evidence says so.
  Investigator(std::shared_ptr<const Rules> rules,
               std::vector<std::shared_ptr<Enricher>> enrichers,
               const graph::EntityGraph* graph,
               const Clock& clock,
               UlidSource& ids,
               Slices slices = {});

  /// Other rules, from the next investigation on.
  void use(std::shared_ptr<const Rules> rules);

  /// The whole investigation without waiting, when every enricher answers at once; empty when one
  /// has to be waited for: then call investigate(). `id` empty: a new one.
  [[nodiscard]] std::optional<model::Verdict> investigate_now(const model::Alert& alert,
                                                              std::string id = {}) const;

  /// The verdict, at `deadline` at the latest. With a `counsel` language models take part, and
  /// where they lead to nothing the embedded reasoner concludes, as it would have without them.
  /// Cancelling it cancels enrichers and models. Errors: cancelled.
  Task<model::Verdict> investigate(std::shared_ptr<const model::Alert> alert,
                                   Deadline deadline,
                                   std::string id = {},
                                   std::shared_ptr<const Counsel> counsel = nullptr) const;

  [[nodiscard]] Slices slices() const noexcept { return slices_; }

 private:
  struct Run;

  [[nodiscard]] std::shared_ptr<const Rules> rules() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const Rules> rules_;  ///< Guarded by mutex_.
  std::vector<std::shared_ptr<Enricher>> enrichers_;
  const graph::EntityGraph* graph_;
  const Clock& clock_;
  UlidSource& ids_;
  Slices slices_;
};

}  // namespace sallyport::investigate
