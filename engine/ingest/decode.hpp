#pragma once

#include "engine/base/json.hpp"
#include "engine/base/result.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace sallyport::ingest {

/// Bounds of one native alert; past them it is refused whatever it says.
struct DecodeLimits {
  std::size_t bytes = 8ULL << 20U;
  std::size_t depth = 64;  ///< Objects and lists inside each other; at most 512 are ever allowed.
};

/// Reads the bytes of one alert: one JSON object in UTF-8, with or without a byte order mark; or
/// one line of a kind that log_line.hpp takes apart.
///
/// Strict: duplicate keys, numbers that 64 bits or a double cannot hold, lone surrogates and bytes
/// after the object are refused, because two readers could see two alerts in them. Memory is
/// bounded by the limits; a nested bomb costs no stack.
///
/// Errors: invalid_input; the detail says what is wrong and at which byte, and is what a dead
/// letter carries.
[[nodiscard]] Result<json::value> decode(std::string_view bytes, DecodeLimits limits);

/// The same for JSON inside an alert (a field that holds JSON as text): any kind of value.
[[nodiscard]] Result<json::value> decode_value(std::string_view bytes, DecodeLimits limits);

}  // namespace sallyport::ingest
