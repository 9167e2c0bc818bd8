#pragma once

#include "engine/app/commands/commands.hpp"

namespace sallyport::app {

// The subcommands of `sallyport connector`, each in a source of its own; `add_connector` adds them.
void add_connector_check(Command command, Run& run);
void add_connector_list(Command command, Run& run);
void add_connector_call(Command command, Run& run);
void add_connector_test(Command command, Run& run);

}  // namespace sallyport::app
