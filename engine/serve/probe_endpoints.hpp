#pragma once

#include "engine/serve/api.hpp"
#include "engine/serve/endpoint.hpp"
#include "engine/serve/event_hub.hpp"

namespace sallyport::serve {

/// GET /healthz, /readyz and /metrics.
[[nodiscard]] Endpoints probe_endpoints(const Probes& probes);

/// GET /v1/stream. `events` must outlive it.
[[nodiscard]] Endpoints stream_endpoints(EventHub& events);

}  // namespace sallyport::serve
