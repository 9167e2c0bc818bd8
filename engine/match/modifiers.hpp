#pragma once

#include "engine/base/fault.hpp"
#include "engine/match/encode.hpp"
#include "engine/match/number.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::match {

enum class Comparison : std::uint8_t {
  equals,
  contains,
  startswith,
  endswith,
  regex,
  cidr,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  exists
};

enum class Base64 : std::uint8_t { none, plain, at_offsets };

/// What the modifiers behind a field's name ask for, taken together.
struct Modifiers {
  Comparison comparison = Comparison::equals;
  bool all = false;
  bool cased = false;
  bool differs = false;  ///< neq
  bool windash = false;
  bool expand = false;
  bool field_reference = false;
  std::string regex_flags;  ///< Out of "ims".
  std::optional<Utf16> utf16;
  Base64 base64 = Base64::none;
  std::optional<TimePart> part;
};

/// Reads `contains|all`: what follows the first bar of a key. Nothing is returned when a modifier
/// is unknown or two contradict each other; the faults then say which.
[[nodiscard]] std::optional<Modifiers> parse_modifiers(std::string_view text,
                                                       Faults& faults,
                                                       std::string_view pointer);

}  // namespace sallyport::match
