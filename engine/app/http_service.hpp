#pragma once

#include "engine/config/settings.hpp"
#include "engine/serve/service.hpp"

namespace sallyport::app {

/// The tokens of the settings, their secrets resolved. Errors: invalid_input, not_found (a secret).
[[nodiscard]] Result<serve::Access> make_access(const config::HttpSettings& settings);

/// Where and how the API listens. Errors: invalid_input (the address, a TLS file).
[[nodiscard]] Result<http::ServerOptions> make_server_options(const config::HttpSettings& settings);

}  // namespace sallyport::app
