#pragma once

#include "engine/serve/endpoint.hpp"

#include <cstddef>

namespace sallyport::serve {

struct IntakeOptions {
  std::size_t alerts_per_request = 10'000;
};

/// POST and GET /v1/alerts. `backend` must outlive them.
[[nodiscard]] Endpoints alert_endpoints(Backend& backend, IntakeOptions options);

}  // namespace sallyport::serve
