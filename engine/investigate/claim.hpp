#pragma once

#include "engine/model/alert.hpp"
#include "engine/reason/weights.hpp"

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::investigate {

/// The words of a text, in their order and in lower case, without their endings: `disabled` and
/// `Disables` are one. `PutObject` and `put_object` are two words each; single letters are none.
[[nodiscard]] std::vector<std::string> stems_of(std::string_view text);

/// How far the event that an alert carries bears out what the alert claims.
///
/// A claim is the words of the title, another one those of the description, without those that say
/// nothing. The share of them that stands in the values of the original alert is taken for each
/// beginning of a claim, as if it had `fewest` words at least, and the largest counts: so text that
/// somebody appends, to whatever it be, raises it or leaves it, and never lowers it.
///
/// Thread-safe: immutable.
class Claims {
 public:
  Claims() = default;
  explicit Claims(const reason::Corroboration& rule);

  /// From 0 to 1; nothing where the alert carries no event: where its original is no JSON, or flat.
  [[nodiscard]] std::optional<double> borne_out(const model::Alert& alert) const;

 private:
  struct Word;

  [[nodiscard]] double share_of(std::span<const Word> claim) const;

  std::size_t fewest_ = 1;
  std::size_t most_ = 0;
  std::set<std::string, std::less<>> ignored_;
};

}  // namespace sallyport::investigate
