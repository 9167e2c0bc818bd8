#include "engine/app/commands/connector_commands.hpp"

namespace sallyport::app {

void add_connector(Command app, Run& run) {
  auto command =
      app.add_subcommand("connector", "Products that are acted on: what there is, and trying it");
  command.needs_subcommand();
  command.footer(
      "Example:\n  sallyport connector list\n"
      "  sallyport connector check connectors/idp/okta.yaml\n"
      "  sallyport connector test okta");
  add_connector_list(command, run);
  add_connector_check(command, run);
  add_connector_call(command, run);
  add_connector_test(command, run);
}

}  // namespace sallyport::app
