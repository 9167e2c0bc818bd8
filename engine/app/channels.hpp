#pragma once

#include "engine/approve/courier.hpp"
#include "engine/base/fault.hpp"
#include "engine/config/settings.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <map>
#include <memory>
#include <string>

namespace sallyport::app {

using Channels = std::map<std::string, std::shared_ptr<approve::Channel>>;

/// The channels of `notifications:` in the settings, by name; what cannot be made is a fault. They
/// send on `loop`.
[[nodiscard]] Channels make_channels(const config::NotificationSettings& settings,
                                     asio::any_io_executor loop,
                                     Faults& faults);

}  // namespace sallyport::app
