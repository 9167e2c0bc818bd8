#pragma once

#include "engine/app/feedback.hpp"
#include "engine/serve/backend.hpp"
#include "engine/serve/endpoint.hpp"

namespace sallyport::app {

/// POST /v1/investigations/{id}/verdict, GET /v1/learned and POST /v1/learned/reset. What they are
/// given outlives them; used where `feedback` is.
[[nodiscard]] serve::Endpoints feedback_endpoints(Feedback& feedback, serve::Backend& backend);

}  // namespace sallyport::app
