#pragma once

#include "engine/app/commands/commands.hpp"

namespace sallyport::app {

// Parts of `sallyport policy`; each adds to that subcommand.
void add_policy_versions(Command policy, Run& run);
void add_policy_changes(Command policy, Run& run);
void add_policy_replay(Command policy, Run& run);

}  // namespace sallyport::app
