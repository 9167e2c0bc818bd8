#pragma once

#include "engine/serve/endpoint.hpp"

namespace sallyport::serve {

/// GET /v1/policy and GET /v1/ledger. `backend` must outlive them.
[[nodiscard]] Endpoints record_endpoints(Backend& backend);

}  // namespace sallyport::serve
