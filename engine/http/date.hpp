#pragma once

#include "engine/base/time.hpp"

#include <optional>
#include <string_view>

namespace sallyport::http {

/// An HTTP date (RFC 9110, 5.6.7, the form that is sent): `Sun, 06 Nov 1994 08:49:37 GMT`.
[[nodiscard]] std::optional<Time> parse_date(std::string_view text);

}  // namespace sallyport::http
