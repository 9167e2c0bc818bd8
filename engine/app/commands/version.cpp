#include "engine/app/commands/commands.hpp"

#include <fmt/format.h>

namespace sallyport::app {

void add_version(Command app, Run& run) {
  auto command = app.add_subcommand("version", "Print the version of this binary");
  command.footer("Example:\n  sallyport version");
  command.callback([&run] {
    run = [] {
      fmt::print("sallyport {}\n", SALLYPORT_VERSION);
      return 0;
    };
  });
}

}  // namespace sallyport::app
