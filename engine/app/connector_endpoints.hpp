#pragma once

#include "engine/act/executor.hpp"
#include "engine/serve/endpoint.hpp"

namespace sallyport::app {

/// GET /v1/connectors. `executor` outlives it.
[[nodiscard]] serve::Endpoints connector_endpoints(const act::Executor& executor);

}  // namespace sallyport::app
