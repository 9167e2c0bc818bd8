#pragma once

#include "engine/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport::ingest {

/// The time that a product wrote, in whichever of these forms; UTC where it names no zone.
///
/// RFC 3339 (also with a space, `+0000`, more than six decimals or no zone), seconds,
/// milliseconds, microseconds or nanoseconds since 1970 (told apart by their size; a fraction is
/// allowed), `Nov 21 10:00:00` (the year is the one that brings it nearest before `now`),
/// `21/Nov/2026:10:00:00 +0100`, `Nov 21, 2026 10:00:00`, `2026 Nov 21 10:00:00`,
/// `11/21/2026 10:00:00` (month first), `11/21/2026-10:00:00`. Nothing for anything else.
[[nodiscard]] std::optional<Time> parse_time(std::string_view text, Time now);

/// Milliseconds since 1970: OCSF's timestamp_t.
[[nodiscard]] std::int64_t epoch_milliseconds(Time time);

}  // namespace sallyport::ingest
