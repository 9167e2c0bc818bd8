#pragma once

#include "engine/base/json.hpp"
#include "engine/base/result.hpp"
#include "engine/model/request.hpp"

#include <string>
#include <string_view>

namespace sallyport::gate {

/// A request as somebody outside wrote it.
struct RequestDocument {
  model::ActionRequest request;
  std::string connector;  ///< The product that would run it; empty: not known.
};

/// Whether `text` may name a target: it says something, without space around it and without
/// control characters. To a product that trims it " DC01" is the protected DC01, to the policy it
/// is another.
[[nodiscard]] bool is_plain_name(std::string_view text);

/// Reads a request document. `tenant`, `action`, `target.kind` and `target.value` must be there,
/// the last two as plain names; what the document says besides is ignored, so that a caller may send
/// along what is his own.
///
/// Errors: invalid_input, with every fault and where it is.
[[nodiscard]] Result<RequestDocument> read_request(const json::value& document);

}  // namespace sallyport::gate
