#pragma once

#include "engine/base/deadline.hpp"
#include "engine/base/time.hpp"
#include "engine/base/ulid.hpp"
#include "engine/graph/entity_graph.hpp"
#include "engine/investigate/counsel.hpp"
#include "engine/investigate/enricher.hpp"
#include "engine/investigate/past.hpp"
#include "engine/investigate/recording.hpp"
#include "engine/investigate/signals.hpp"
#include "engine/investigate/step.hpp"
#include "engine/model/verdict.hpp"
#include "engine/reason/reasoner.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace sallyport::investigate {

/// The rules that judge, as one immutable snapshot of config/reasoner.yaml.
struct Rules {
  SignalRules signals;
  reason::Reasoner reasoner;
  /// The document that they were read from, with the verbs: {"reasoner": .., "verbs": ..}.
  std::shared_ptr<const model::Kept> kept;
  /// The signals of alerts that lower.
  std::vector<std::string> mild;

  /// Nothing is returned when one of the faults is an error.
  [[nodiscard]] static std::shared_ptr<const Rules> read(const json::value& document,
                                                         const model::Catalogue& catalogue,
                                                         Faults& faults);
};

/// What an alert says by itself, and the rules that it was read by.
struct Reading {
  std::shared_ptr<const Rules> rules;
  AlertReading said;
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
               Budgets budgets = {});

  /// Where investigate() reads the graph, so that it waits for it no longer than its slice;
  /// without, it reads in place. Before the first investigation.
  void read_graph_on(asio::any_io_executor pool) { graph_reads_ = std::move(pool); }

  /// Other rules, from the next investigation on.
  void use(std::shared_ptr<const Rules> rules);

  /// Whether a verdict carries what it can be replayed from (Verdict::recording); not as made.
  /// Before the first investigation; so is hide().
  void record(bool wanted) { recording_ = wanted; }

  /// What takes secrets out of all that enrichers and models answer, before it is used; as made:
  /// by their shape alone.
  void hide(Scrubber scrubber) {
    scrubber_ = std::make_shared<const Scrubber>(std::move(scrubber));
  }

  /// The whole investigation without waiting, when every enricher answers at once; empty when one
  /// has to be waited for: then call investigate(). `id` empty: a new one. With `before` it is the
  /// next version of that verdict: what its alerts said is evidence of this one as well.
  /// With a `past` it is told that instead of looking at earlier alerts. The graph is read in place
  /// and for the slice of the context: no read begins later, and one that hangs is waited for, as
  /// the store that would have to hold the verdict hangs with it.
  [[nodiscard]] std::optional<model::Verdict> investigate_now(
      const model::Alert& alert,
      std::string id = {},
      const model::Verdict* before = nullptr,
      const Past* past = nullptr) const;

  /// The verdict, at `deadline` at the latest. With a `counsel` language models take part, and
  /// where they lead to nothing the embedded reasoner concludes, as it would have without them.
  /// Cancelling it cancels enrichers and models. Errors: cancelled.
  Task<model::Verdict> investigate(std::shared_ptr<const model::Alert> alert,
                                   Deadline deadline,
                                   std::string id = {},
                                   std::shared_ptr<const Counsel> counsel = nullptr,
                                   std::shared_ptr<const model::Verdict> before = nullptr,
                                   std::shared_ptr<const Past> past = nullptr,
                                   std::shared_ptr<const Reading> reading = nullptr) const;

  /// What the alert says by itself, for who wants to listen() to it before it is investigated: with
  /// it, investigate() does not read the alert again, unless the rules are others by then.
  [[nodiscard]] std::shared_ptr<const Reading> read(const model::Alert& alert) const;

  /// What the alert itself says, in names of signals: those that it bears, and `no NAME` for those
  /// that would lower and that it does not bear. Of a verdict: what its alerts say.
  [[nodiscard]] std::vector<std::string> listen(const model::Alert& alert) const;
  [[nodiscard]] std::vector<std::string> listen(const Reading& reading) const;
  [[nodiscard]] std::vector<std::string> listen(const model::Verdict& verdict) const;

  [[nodiscard]] const Budgets& budgets() const noexcept { return budgets_; }

 private:
  struct Run;

  [[nodiscard]] std::shared_ptr<const Rules> rules() const;
  /// The forms of the questions that `counsel` is asked by `rules`.
  [[nodiscard]] JudgeForms forms(const std::shared_ptr<const Rules>& rules,
                                 const std::shared_ptr<const Counsel>& counsel) const;

  /// Those of the last investigation: the next one's are nearly always the same.
  struct Made {
    std::shared_ptr<const Rules> rules;
    std::weak_ptr<const Counsel> counsel;  ///< Its sockets end with their own loop.
    JudgeForms forms;
  };

  mutable std::mutex mutex_;
  mutable Made made_;                   ///< Guarded by mutex_.
  std::shared_ptr<const Rules> rules_;  ///< Guarded by mutex_.
  std::vector<std::shared_ptr<Enricher>> enrichers_;
  const graph::EntityGraph* graph_;
  const Clock& clock_;
  UlidSource& ids_;
  Budgets budgets_;
  asio::any_io_executor graph_reads_;
  bool recording_ = false;
  std::shared_ptr<const Scrubber> scrubber_ = std::make_shared<const Scrubber>();
  std::unique_ptr<Recordings> recordings_ = std::make_unique<Recordings>();
};

}  // namespace sallyport::investigate
