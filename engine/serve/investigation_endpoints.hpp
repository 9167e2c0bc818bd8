#pragma once

#include "engine/serve/endpoint.hpp"

namespace sallyport::serve {

/// GET /v1/investigations[/{id}]. `backend` must outlive them.
[[nodiscard]] Endpoints investigation_endpoints(Backend& backend);

}  // namespace sallyport::serve
