#pragma once

#include "engine/serve/endpoint.hpp"

namespace sallyport::serve {

/// GET /v1/approvals[/{id}], POST /v1/approvals/{id}/approve and /deny. `backend` must outlive
/// them.
[[nodiscard]] Endpoints approval_endpoints(Backend& backend);

}  // namespace sallyport::serve
