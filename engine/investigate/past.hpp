#pragma once

#include "engine/base/result.hpp"
#include "engine/investigate/step.hpp"
#include "engine/model/evidence.hpp"

#include <vector>

namespace sallyport::investigate {

/// What an investigation that is made again is told instead of asking: what earlier alerts said,
/// and how much time was left at each step of the machine.
struct Past {
  Result<std::vector<model::Evidence>> around;
  std::vector<Elapsed> left;  ///< Empty: the time of now runs. Past its end the last one holds.
};

}  // namespace sallyport::investigate
