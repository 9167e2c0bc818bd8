#pragma once

#include "engine/base/fault.hpp"
#include "engine/config/settings.hpp"
#include "engine/serve/service.hpp"

namespace sallyport::app {

/// The tokens of the settings, their secrets resolved. What is wrong with one is appended to
/// `faults`, and it is left out.
[[nodiscard]] serve::Access make_access(const config::HttpSettings& settings, Faults& faults);

/// Where and how the API listens; what is wrong (the address, a TLS file) is appended to `faults`.
[[nodiscard]] http::ServerOptions make_server_options(const config::HttpSettings& settings,
                                                      Faults& faults);

}  // namespace sallyport::app
