#include "engine/app/commands/record_place.hpp"

namespace sallyport::app {

void RecordPlace::add_to(Command command) {
  offline.add_to(command);
  api.add_to(command);
}

}  // namespace sallyport::app
