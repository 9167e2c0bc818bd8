#pragma once

#include "engine/serve/endpoint.hpp"

namespace sallyport::serve {

/// The policy: looking at every version, and changing it.
[[nodiscard]] Endpoints policy_endpoints(Backend& backend);

}  // namespace sallyport::serve
