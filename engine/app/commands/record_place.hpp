#pragma once

#include "engine/app/api_client.hpp"
#include "engine/app/command_line.hpp"
#include "engine/app/commands/store_place.hpp"

namespace sallyport::app {

/// Where a command finds what an engine recorded: a running engine, or its store.
struct RecordPlace {
  ApiOptions api;
  StorePlace offline;

  void add_to(Command command);

  /// True: a running engine is asked, because one is named and no store is.
  [[nodiscard]] bool remote() const {
    return offline.data.empty() && offline.config.empty() && !api.url.empty();
  }
};

}  // namespace sallyport::app
