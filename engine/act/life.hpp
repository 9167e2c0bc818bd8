#pragma once

#include "engine/model/action.hpp"
#include "engine/model/ledger_entry.hpp"

namespace sallyport::act {

/// Whether an action may go from `from` to `to`: the table of DESIGN "The life of an action".
[[nodiscard]] bool may_follow(model::ActionState from, model::ActionState to);

/// The ledger entry that tells of reaching `to`.
[[nodiscard]] model::EntryKind entry_of(model::ActionState to);

/// True while the engine has something to do about it by itself: what a restart takes up.
[[nodiscard]] bool is_under_way(const model::Action& action);

/// True when nothing happens any more by itself and the action holds nothing on its target that
/// could be undone.
[[nodiscard]] bool is_over(const model::Action& action);

}  // namespace sallyport::act
