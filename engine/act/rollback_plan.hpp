#pragma once

#include "engine/model/action.hpp"

#include <string>
#include <vector>

namespace sallyport::act {

/// One action that is to be undone, or why it cannot be.
struct RollbackStep {
  model::Action action;
  std::string why_not;  ///< Empty: it can be undone.
};

/// When it was done; of what was not yet, when it was proposed. Pure.
[[nodiscard]] Time done_at(const model::Action& action);

/// What undoes `actions`, the last that was done first. What did nothing, or was undone before, is
/// left out; what did
/// something that cannot be taken back, or is still under way, is a step that says so. Pure.
[[nodiscard]] std::vector<RollbackStep> plan_rollback(std::vector<model::Action> actions);

}  // namespace sallyport::act
