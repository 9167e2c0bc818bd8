#pragma once

#include "engine/app/commands/commands.hpp"

namespace sallyport::app {

// Parts of `sallyport policy`; each adds to that subcommand.
void add_policy_versions(CLI::App& policy, Run& run);
void add_policy_changes(CLI::App& policy, Run& run);
void add_policy_replay(CLI::App& policy, Run& run);

}  // namespace sallyport::app
