#pragma once

#include "engine/act/executor.hpp"
#include "engine/model/action.hpp"
#include "engine/model/catalogue.hpp"

namespace sallyport::app {

/// Whether an action that a person changed could be carried out: its verb has these parameters, and
/// its product takes them. Errors: invalid_input, not_found.
[[nodiscard]] Result<> check_change(const model::Catalogue& catalogue,
                                    const act::Executor& executor,
                                    const model::Action& changed);

}  // namespace sallyport::app
