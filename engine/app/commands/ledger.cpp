#include "engine/app/commands/ledger_commands.hpp"

namespace sallyport::app {

void add_ledger(Command app, Run& run) {
  auto ledger = app.add_subcommand("ledger", "Look at the ledger, prove it, take a copy");
  ledger.needs_subcommand();
  ledger.footer(
      "Works on the store's directory, also while an engine runs on it.\n"
      "Examples:\n"
      "  sallyport ledger tail --follow\n"
      "  sallyport ledger export --tenant acme --out acme.jsonl && sallyport ledger verify "
      "acme.jsonl");
  add_ledger_tail(ledger, run);
  add_ledger_verify(ledger, run);
  add_ledger_export(ledger, run);
}

}  // namespace sallyport::app
