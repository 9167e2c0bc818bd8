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

/// Whether what a person asks for is a request of that verb at all: a kind of target that it takes,
/// and its parameters. Errors: invalid_input.
[[nodiscard]] Result<> check_request(const model::Verb& verb, const model::ActionRequest& request);

}  // namespace sallyport::app
