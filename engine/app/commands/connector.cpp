#include "engine/app/commands/connector_commands.hpp"

#include <CLI/CLI.hpp>

namespace sallyport::app {

void add_connector(CLI::App& app, Run& run) {
  auto* command =
      app.add_subcommand("connector", "Manifests: products that are spoken to over HTTP");
  command->require_subcommand(1);
  command->footer(
      "Example:\n  sallyport connector check connectors/idp/okta.yaml\n"
      "  sallyport connector test okta");
  add_connector_check(*command, run);
  add_connector_test(*command, run);
}

}  // namespace sallyport::app
