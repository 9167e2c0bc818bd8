#pragma once

#include "engine/base/time.hpp"
#include "engine/model/action.hpp"

#include <chrono>
#include <optional>

namespace sallyport::act {

/// When actions are looked at again, after they came to rest or did not.
struct WatchRule {
  std::chrono::seconds every{3600};          ///< What is in effect; 0: never.
  std::chrono::seconds lasting{7 * 86'400};  ///< Since it was put into effect.
  std::chrono::seconds unclear_every{60};    ///< What may have happened; later more seldom.
};

/// When to look at `action` again, as it stands at `now`; empty: not again. Spread by a quarter to
/// either side, so that what was done together is not looked at together. Pure.
[[nodiscard]] std::optional<Time> next_look(const WatchRule& rule,
                                            const model::Action& action,
                                            Time now);

}  // namespace sallyport::act
