#pragma once

#include "engine/act/actuator.hpp"
#include "engine/base/fault.hpp"
#include "engine/base/time.hpp"
#include "engine/config/settings.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <vector>

namespace sallyport::app {

/// The products of `connectors:` in the settings, in the order of their names; none of them is
/// reached. What is wrong with one (an option, a secret) is appended to `faults`, and it is left
/// out. Their blocking calls run on `pool`; `clock` must outlive them.
[[nodiscard]] std::vector<std::shared_ptr<act::Actuator>> make_actuators(
    const config::Settings& settings,
    const Clock& clock,
    boost::asio::any_io_executor pool,
    Faults& faults);

}  // namespace sallyport::app
