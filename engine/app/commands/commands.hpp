#pragma once

#include "engine/base/result.hpp"

#include <functional>
#include <string_view>

namespace CLI {  // NOLINT(readability-identifier-naming): the names are CLI11's
class App;       // NOLINT(readability-identifier-naming)
}

namespace sallyport::app {

/// What the chosen subcommand does when the line has been read: its exit status, 0 done, 1 the
/// answer is no, 2 wrong usage or input that could not be used.
using Run = std::function<int()>;

/// Says on standard error why `command` could not do what was asked. Returns 2.
[[nodiscard]] int unusable(std::string_view command, const Error& error);

// Each adds its subcommand to `app` and sets `run` from the subcommand's callback. One source per
// command.
void add_gate(CLI::App& app, Run& run);
void add_policy(CLI::App& app, Run& run);
void add_match(CLI::App& app, Run& run);
void add_normalize(CLI::App& app, Run& run);
void add_config(CLI::App& app, Run& run);
void add_run(CLI::App& app, Run& run);
void add_investigate(CLI::App& app, Run& run);
void add_investigations(CLI::App& app, Run& run);
void add_learned(CLI::App& app, Run& run);
void add_actions(CLI::App& app, Run& run);
void add_approvals(CLI::App& app, Run& run);
void add_version(CLI::App& app, Run& run);
void add_ledger(CLI::App& app, Run& run);
void add_audit(CLI::App& app, Run& run);
void add_readiness(CLI::App& app, Run& run);
void add_connector(CLI::App& app, Run& run);
void add_replay(CLI::App& app, Run& run);
void add_demo(CLI::App& app, Run& run);

}  // namespace sallyport::app
