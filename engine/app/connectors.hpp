#pragma once

#include "connectors/manifest/enricher.hpp"
#include "connectors/manifest/live.hpp"
#include "connectors/native/base/known_places.hpp"
#include "engine/act/product.hpp"
#include "engine/base/fault.hpp"
#include "engine/base/time.hpp"
#include "engine/config/settings.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/observe/metrics.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::app {

/// What products are reached with. The clock outlives them.
struct Reach {
  std::shared_ptr<const model::Catalogue> catalogue;  ///< Without verbs: manifests are left out.
  const Clock& clock;
  boost::asio::any_io_executor pool;  ///< Runs calls that block.
  boost::asio::any_io_executor loop;  ///< Runs one handler at a time: where sockets live.
  /// What no action may cut off: shared by all connectors.
  std::shared_ptr<connectors::KnownPlaces> places = std::make_shared<connectors::KnownPlaces>();
};

struct Products {
  std::vector<std::shared_ptr<act::Actuator>> actuators;
  /// By name: of those whose entry does not leave them to `actions:` of the settings.
  std::map<std::string, act::ProductLimits> limits;
  /// Where they are reached.
  std::shared_ptr<connectors::KnownPlaces> places;
  /// What is asked of those that answer queries; the last use of each is close() of its answers.
  std::vector<std::shared_ptr<const connectors::manifest::Asking>> askings;
  /// Those of them whose manifest is read again when it changes.
  std::vector<std::shared_ptr<connectors::manifest::LiveConnector>> manifests;
};

/// What the products say of an alert's entities, from its arrival on.
[[nodiscard]] std::vector<std::shared_ptr<investigate::Enricher>> enrichers_of(
    const Products& products);

/// What models may look up at them.
[[nodiscard]] std::vector<std::shared_ptr<investigate::Query>> queries_of(const Products& products);

/// Counts what products are asked. `products` outlives the metrics.
void count_questions(const Products& products, observe::Metrics& metrics);

/// Cancels what is being asked of products and waits for its end. On the loop; once.
[[nodiscard]] boost::asio::awaitable<void> close_askings(
    std::vector<std::shared_ptr<const connectors::manifest::Asking>> askings);

/// The products of `connectors:` in the settings, in the order of their names; none of them is
/// reached. What is wrong with one (an option, a secret, its manifest) is appended to `faults`, and
/// it is left out.
[[nodiscard]] Products make_products(const config::Settings& settings,
                                     const Reach& reach,
                                     Faults& faults);

}  // namespace sallyport::app
