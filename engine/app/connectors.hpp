#pragma once

#include "connectors/manifest/live.hpp"
#include "engine/act/actuator.hpp"
#include "engine/base/fault.hpp"
#include "engine/base/time.hpp"
#include "engine/config/settings.hpp"
#include "engine/model/catalogue.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <vector>

namespace sallyport::app {

/// What products are reached with. The clock outlives them.
struct Reach {
  std::shared_ptr<const model::Catalogue> catalogue;  ///< Without verbs: manifests are left out.
  const Clock& clock;
  boost::asio::any_io_executor pool;  ///< Runs calls that block.
  boost::asio::any_io_executor loop;  ///< Runs one handler at a time: where sockets live.
};

struct Products {
  std::vector<std::shared_ptr<act::Actuator>> actuators;
  /// Those of them whose manifest is read again when it changes.
  std::vector<std::shared_ptr<connectors::manifest::LiveConnector>> manifests;
};

/// The products of `connectors:` in the settings, in the order of their names; none of them is
/// reached. What is wrong with one (an option, a secret, its manifest) is appended to `faults`, and
/// it is left out.
[[nodiscard]] Products make_products(const config::Settings& settings,
                                     const Reach& reach,
                                     Faults& faults);

}  // namespace sallyport::app
