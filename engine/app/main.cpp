#include "engine/app/commands/commands.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

int main(int argc, char** argv) {
  using namespace sallyport::app;
  // A closed pipe (`sallyport match ... | head`) is an ordinary end, seen as a failed write.
  std::signal(SIGPIPE, SIG_IGN);

  CLI::App app{"Sallyport: alerts in, investigated, decided at one gate, acted on and reversible"};
  app.name("sallyport");
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 done; 1 the answer is no; 2 wrong usage or input that could not be used.");

  Run run;
  add_gate(app, run);
  add_policy(app, run);
  add_match(app, run);
  add_normalize(app, run);
  add_run(app, run);
  add_config(app, run);
  add_investigate(app, run);
  add_approvals(app, run);
  add_actions(app, run);
  add_version(app, run);
  add_ledger(app, run);
  add_audit(app, run);
  add_readiness(app, run);
  add_demo(app, run);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run();
}
