#pragma once

#include "engine/base/deadline.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/evidence.hpp"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace sallyport::investigate {

/// Answers what is known of an alert's entities: the port of this room.
///
/// The evidence it returns carries no ids (the investigation numbers it) and says `empty` where it
/// looked and found nothing, `not_collected` where it has no data of that kind. Evidence about one
/// entity names it in its data: `"entity": {"kind": .., "value": ..}`. What fails is an error; the
/// investigation writes it down as `failed`. Thread-safe.
class Enricher {
 public:
  using Answer = Result<std::vector<model::Evidence>>;

  virtual ~Enricher() = default;

  /// Appears as Evidence::source and in Verdict::missing.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// The answer of an enricher that never waits (its data is in memory). Empty: ask enrich().
  [[nodiscard]] virtual std::optional<Answer> answer_now(const model::Alert& /*alert*/) const {
    return std::nullopt;
  }

  /// `alert` lives until the task ends. Errors: unavailable, expired, cancelled.
  virtual Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> alert,
                                                    Deadline deadline) = 0;
};

}  // namespace sallyport::investigate
