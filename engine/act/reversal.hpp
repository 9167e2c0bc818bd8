#pragma once

#include "engine/act/actions.hpp"
#include "engine/act/notice.hpp"
#include "engine/base/deadline.hpp"
#include "engine/model/action.hpp"

namespace sallyport::act {

/// What the gate has to be asked to undo `action`, on behalf of `by`. Pure.
/// Errors: conflict (not in a state to be undone, or nothing to undo: the detail says why).
[[nodiscard]] Result<model::ActionRequest> rollback_request(const model::Action& action,
                                                            const model::Actor& by);

/// Of several rollbacks on one target each restores what the one before it left: why `rollback`
/// cannot begin, because that one (`after` in its request's context) did not work; empty: it can.
[[nodiscard]] std::string missing_before(const Actions& actions, const model::Action& rollback);

/// Tells the action that `rollback` undoes how that went, before `rollback` itself says so: after a
/// crash between the two the rollback is taken up again, and tells again. `rollback` as it will be;
/// `to`: rolled_back or rollback_failed. Nothing happens where it undoes none, or what was undone
/// already. Errors: as Actions::change().
Task<> conclude_reversed(Actions& actions,
                         const Tell& tell,
                         model::Action rollback,
                         model::ActionState to);

}  // namespace sallyport::act
