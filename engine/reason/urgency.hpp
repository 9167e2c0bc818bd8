#pragma once

#include "engine/model/alert.hpp"

namespace sallyport::reason {

/// How urgent an alert is where something scarce is shared out (base/fair_queue.hpp): steps above
/// the least. What nobody graded counts as medium.
[[nodiscard]] constexpr int urgency_of(model::Severity severity) {
  using enum model::Severity;
  if (severity == unknown || severity == other) return static_cast<int>(medium) - 1;
  return static_cast<int>(severity) - 1;
}

}  // namespace sallyport::reason
