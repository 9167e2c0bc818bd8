#pragma once

#include "engine/app/channels.hpp"
#include "engine/app/connectors.hpp"
#include "engine/app/feeds.hpp"
#include "engine/app/grouping_file.hpp"
#include "engine/app/local_enrichers.hpp"
#include "engine/base/time.hpp"
#include "engine/config/settings.hpp"
#include "engine/ingest/normalizer.hpp"
#include "engine/investigate/investigator.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/serve/service.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <vector>

namespace sallyport::app {

/// What the engine is made of: everything that the settings name, read and checked, before a store
/// or a port is opened or a product reached. The policy is not among it: the one in force is the
/// store's (policy_keeper.hpp).
struct Materials {
  model::Catalogue catalogue;
  ingest::Normalizer normalizer;
  std::shared_ptr<const investigate::Rules> rules;
  LocalEnrichers knowledge;
  GroupingFile grouping;
  Reach reach;  ///< What the products were made with.
  Products products;
  std::vector<std::unique_ptr<connectors::taxii::Feed>> feeds;
  Channels channels;
  serve::Access access;
  http::ServerOptions server;
};

/// Where the engine is reached, and what it connects to besides its products, which tell
/// themselves.
void add_places(const config::Settings& settings, connectors::KnownPlaces& places);

/// What actuators block on runs on `pool`, their sockets and those of channels on `loop`, which
/// runs one handler at a time; `clock` must outlive them. Errors: invalid_input, with everything
/// that is wrong, one a line, by file, line and column.
[[nodiscard]] Result<Materials> gather(const config::Settings& settings,
                                       const Clock& clock,
                                       boost::asio::any_io_executor pool,
                                       boost::asio::any_io_executor loop);

}  // namespace sallyport::app
