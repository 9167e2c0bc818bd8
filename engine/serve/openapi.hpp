#pragma once

#include "engine/serve/endpoint.hpp"

#include <string>

namespace sallyport::serve {

/// The OpenAPI 3.1 document of `endpoints`: made from what is served, so that it is true.
[[nodiscard]] json::object openapi_document(const Endpoints& endpoints, std::string version);

}  // namespace sallyport::serve
