#pragma once

#include "connectors/native/base/known_places.hpp"
#include "connectors/taxii/feed.hpp"
#include "engine/base/fault.hpp"
#include "engine/base/time.hpp"
#include "engine/config/settings.hpp"
#include "engine/observe/log.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <memory>
#include <vector>

namespace sallyport::app {

/// Where what the feeds of the settings say is kept; read as lists of threat
/// intelligence.
[[nodiscard]] std::filesystem::path feed_folder(const config::Settings& settings,
                                                const std::string& name);

/// The feeds of `taxii:` in the settings; none is reached. What is wrong with
/// one is appended to `faults`, and it is left out. `clock` outlives them.
[[nodiscard]] std::vector<std::unique_ptr<connectors::taxii::Feed>> make_feeds(
    const config::Settings& settings,
    std::shared_ptr<connectors::KnownPlaces> places,
    const Clock& clock,
    boost::asio::any_io_executor loop,
    boost::asio::any_io_executor pool,
    Faults& faults);

/// Polls `feed` as often as it says until it is cancelled; says in the log what
/// came of it. `feed` outlives it.
boost::asio::awaitable<void> keep_feed(connectors::taxii::Feed& feed, observe::Log log);

}  // namespace sallyport::app
