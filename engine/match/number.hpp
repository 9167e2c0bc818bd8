#pragma once

#include "engine/match/record.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace sallyport::match {

using Number = std::variant<std::int64_t, std::uint64_t, double>;

/// Compares what the numbers are, not how they are stored: nothing is rounded.
[[nodiscard]] std::partial_ordering compare(const Number& a, const Number& b) noexcept;

/// The number that `text` is as a whole, spelled as JSON spells numbers (no leading zeros or
/// signs, no hexadecimal); a whole number past 64 bits is taken as a double.
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) noexcept;

/// The number that a value is: a JSON number, or text that is one.
[[nodiscard]] std::optional<Number> number_of(const Scalar& scalar) noexcept;

/// A part of a point in time that can be asked for.
enum class TimePart : std::uint8_t { minute, hour, day, week, month, year };

/// That part, in UTC: `day` of the month, `week` by ISO 8601. Reads RFC 3339 (UTC where no offset
/// is given) and numbers since 1970 in seconds, milliseconds or microseconds by their size.
[[nodiscard]] std::optional<std::int64_t> time_part(const Scalar& scalar, TimePart part);

}  // namespace sallyport::match
