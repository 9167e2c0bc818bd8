#pragma once

#include "engine/app/command_line.hpp"
#include "engine/base/result.hpp"

#include <functional>
#include <string_view>

namespace sallyport::app {

/// What the chosen subcommand does when the line has been read: its exit status, 0 done, 1 the
/// answer is no, 2 wrong usage or input that could not be used.
using Run = std::function<int()>;

/// Says on standard error why `command` could not do what was asked. Returns 2.
[[nodiscard]] int unusable(std::string_view command, const Error& error);

// Each adds its subcommand to `app` and sets `run` from the subcommand's callback. One source per
// command.
void add_gate(Command app, Run& run);
void add_policy(Command app, Run& run);
void add_match(Command app, Run& run);
void add_normalize(Command app, Run& run);
void add_config(Command app, Run& run);
void add_run(Command app, Run& run);
void add_investigate(Command app, Run& run);
void add_investigations(Command app, Run& run);
void add_learned(Command app, Run& run);
void add_actions(Command app, Run& run);
void add_approvals(Command app, Run& run);
void add_version(Command app, Run& run);
void add_ledger(Command app, Run& run);
void add_audit(Command app, Run& run);
void add_readiness(Command app, Run& run);
void add_connector(Command app, Run& run);
void add_replay(Command app, Run& run);
void add_demo(Command app, Run& run);

}  // namespace sallyport::app
