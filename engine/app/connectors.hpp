#pragma once

#include "engine/act/actuator.hpp"
#include "engine/base/time.hpp"
#include "engine/config/settings.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <vector>

namespace sallyport::app {

/// The products of `connectors:` in the settings, in the order of their names. Their blocking calls
/// run on `pool`; `clock` must outlive them. Errors: invalid_input (naming the connector and its
/// option), not_found (a secret).
[[nodiscard]] Result<std::vector<std::shared_ptr<act::Actuator>>> make_actuators(
    const config::Settings& settings, const Clock& clock, boost::asio::any_io_executor pool);

}  // namespace sallyport::app
