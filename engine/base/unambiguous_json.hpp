#pragma once

#include "engine/base/json.hpp"
#include "engine/base/result.hpp"

#include <string_view>

namespace sallyport {

/// parse_json() for what somebody outside wrote and something is decided by: a key that stands
/// twice in one object is a fault too, for readers differ on which of the two counts, and one of
/// them may have checked the other. Errors: invalid_input, with the place.
[[nodiscard]] Result<json::value> parse_unambiguous_json(std::string_view text);

}  // namespace sallyport
