#pragma once

#include "engine/app/commands/commands.hpp"

namespace sallyport::app {

// Parts of `sallyport ledger`; each adds to that subcommand.
void add_ledger_tail(CLI::App& ledger, Run& run);
void add_ledger_verify(CLI::App& ledger, Run& run);
void add_ledger_export(CLI::App& ledger, Run& run);

}  // namespace sallyport::app
