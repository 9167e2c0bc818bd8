#pragma once

#include "engine/serve/endpoint.hpp"

namespace sallyport::serve {

/// GET /v1/actions[/{id}], POST /v1/actions and /v1/actions/{id}/rollback. `backend` must outlive
/// them.
[[nodiscard]] Endpoints action_endpoints(Backend& backend);

}  // namespace sallyport::serve
