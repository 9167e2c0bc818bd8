#pragma once

#include "engine/app/commands/commands.hpp"
#include "engine/base/json.hpp"
#include "engine/store/ledger.hpp"

#include <string>

namespace sallyport::app {

// Parts of `sallyport ledger`; each adds to that subcommand.
void add_ledger_tail(CLI::App& ledger, Run& run);
void add_ledger_verify(CLI::App& ledger, Run& run);
void add_ledger_export(CLI::App& ledger, Run& run);

/// What stands beside an export, in FILE.head: where it ends, and what came before it.
struct ExportHead {
  std::string tenant;
  store::LedgerHead before;
  store::LedgerHead head;
};

BOOST_DESCRIBE_STRUCT(ExportHead, (), (tenant, before, head))

}  // namespace sallyport::app
