#pragma once

#include "engine/app/dispatcher.hpp"
#include "engine/serve/backend.hpp"

namespace sallyport::app {

/// Undoes one action, what an investigation did, or all that was done since a time: the last first,
/// each by an action of its own that passes the gate. What is not let through on a target stops the
/// rest on that target, so that nothing is restored out of its order. On the loop.
///
/// Errors: not_found (no such action), and those of the store.
Task<serve::RollbackReport> roll_back_all(const Rooms& rooms,
                                          Dispatcher& dispatcher,
                                          serve::RollbackOrder order);

}  // namespace sallyport::app
