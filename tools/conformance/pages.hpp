#pragma once

#include "tools/conformance/trials.hpp"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace sallyport::conformance {

/// What must hold where a product's answers come in pages: nothing on them is lost or seen twice,
/// and pages without end are none of an answer.
struct PageTrials {
  std::span<const manifest::StepPlan> steps;  ///< Of which some may have pages.
  /// Does what is tried, and says how it ended; empty: well.
  std::function<std::string(Stand& stand)> done;
};

/// A try for each of them; none where no step has pages.
[[nodiscard]] std::vector<std::function<Finding(Stand& stand)>> page_tries(PageTrials trials);

}  // namespace sallyport::conformance
