#pragma once

#include "engine/base/json.hpp"
#include "engine/base/result.hpp"
#include "engine/model/request.hpp"

#include <string>

namespace sallyport::gate {

/// A request as somebody outside wrote it.
struct RequestDocument {
  model::ActionRequest request;
  std::string connector;  ///< The product that would run it; empty: not known.
};

/// Reads a request document. `tenant`, `action`, `target.kind` and `target.value` must be there;
/// confidence is 0 where it is absent; what the document says besides is ignored, so that a caller
/// may send along what is his own.
///
/// Errors: invalid_input, with every fault and where it is.
[[nodiscard]] Result<RequestDocument> read_request(const json::value& document);

}  // namespace sallyport::gate
