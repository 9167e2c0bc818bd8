#pragma once

#include "engine/model/action.hpp"

#include <optional>

namespace sallyport::act {

/// Whether the product said that it lets go of `action` by itself. Where an action is to end and
/// the product keeps no time, the engine undoes it then.
[[nodiscard]] bool ends_itself(const model::Action& action);

/// When `action`, which took effect at `now`, is to end: as the product says, else after the
/// parameter `duration_s` if it can be undone. Empty: it lasts.
[[nodiscard]] std::optional<Time> end_of(const model::Action& action, Time now);

}  // namespace sallyport::act
