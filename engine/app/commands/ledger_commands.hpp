#pragma once

#include "engine/app/commands/commands.hpp"

namespace sallyport::app {

// Parts of `sallyport ledger`; each adds to that subcommand.
void add_ledger_tail(Command ledger, Run& run);
void add_ledger_verify(Command ledger, Run& run);
void add_ledger_export(Command ledger, Run& run);

}  // namespace sallyport::app
