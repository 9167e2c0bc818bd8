#include "engine/app/commands/record_place.hpp"

#include <CLI/CLI.hpp>

namespace sallyport::app {

void RecordPlace::add_to(CLI::App& command) {
  offline.add_to(command);
  api.add_to(command);
}

}  // namespace sallyport::app
