#pragma once

#include "engine/graph/neighbourhood.hpp"
#include "engine/model/verdict.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::graph {

/// One alert as its entities remember it. Small, and its names stand once for all of them: summing
/// up walks over dozens for each entity of each alert.
struct Sighting {
  Time at;                        ///< When the alert reached the engine.
  std::uint64_t tag{};            ///< Of source and uid: which alert it was.
  std::uint64_t source_tag{};     ///< What tells two sources apart quickly.
  std::uint64_t detection_tag{};  ///< The same for detections.
  model::Severity severity = model::Severity::unknown;
  std::optional<model::Judgement> judgement;
  bool related = false;                     ///< Its relations are among the neighbours in memory.
  std::shared_ptr<const AlertNames> names;  ///< Never nullptr.

  /// The stored value; the key holds `at` and `tag`.
  [[nodiscard]] std::string encode() const;
  /// Errors: corrupt.
  [[nodiscard]] static Result<Sighting> decode(Time at, std::uint64_t tag, std::string_view value);
};

[[nodiscard]] std::uint64_t alert_tag(const model::Alert& alert);
[[nodiscard]] Sighting sighting_of(const model::Alert& alert);

/// The newest sightings of one entity, and what else is remembered of it. A plain value: the graph
/// guards it.
class EntityHistory {
 public:
  /// Adds or replaces; keeps the newest `limit`.
  void add(Sighting sighting, std::size_t limit);

  /// Adds what the store holds and nothing newer: what is here already wins. `first` is the time of
  /// the oldest that it holds. Where all that it holds was observed here, so were its relations.
  void complete(std::vector<Sighting> stored,
                bool more,
                std::optional<Time> first,
                std::size_t limit);

  [[nodiscard]] bool is_complete() const noexcept { return complete_; }

  [[nodiscard]] bool empty_but_for(std::uint64_t tag) const;

  /// Sums up for the alert of `self`, which itself is left out. `into` keeps its entity.
  void sum_up(const Sighting& self, const Limits& limits, History& into) const;

  std::shared_ptr<const Entities> neighbours;  ///< Newest first; nullptr: none.
  std::vector<PastAction> actions;
  bool neighbours_read = false;        ///< `neighbours` has what the store holds.
  std::uint32_t related_on = 0;        ///< The day of `related`.
  std::vector<std::uint64_t> related;  ///< Others that were written on that day.

 private:
  std::vector<Sighting> sightings_;  ///< Newest first, side by side: all are walked over.
  std::optional<Time> first_;        ///< Of all, also those that are not kept.
  bool more_ = false;
  bool complete_ = false;
};

}  // namespace sallyport::graph
