#pragma once

#include "engine/base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace sallyport {

/// A moment of the civil clock (UTC), to the microsecond. Deadlines use the steady clock instead.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// RFC 3339 in UTC: `2026-11-01T10:00:00Z`, with six decimals only when there is a fraction.
[[nodiscard]] std::string to_rfc3339(Time time);
void append_rfc3339(std::string& out, Time time);

/// Reads RFC 3339 with any offset (`T` or a space between date and time), also `+0000` without the
/// colon, and a bare date as its midnight. Digits past the microsecond are dropped.
/// Errors: invalid_input.
[[nodiscard]] Result<Time> parse_rfc3339(std::string_view text);

/// Where the engine learns what time it is. Passed in, so that tests and simulation own time.
///
/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace sallyport
