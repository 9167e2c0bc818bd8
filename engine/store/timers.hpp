#pragma once

#include "engine/base/time.hpp"
#include "engine/store/store.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::store {

/// What has to be looked at later, across restarts. One table, ordered by time.
enum class TimerKind : std::uint8_t {
  approval,  ///< It expires.
  action,    ///< A timed one ends.
  look,      ///< An action is looked at again.
};

BOOST_DESCRIBE_ENUM(TimerKind, approval, action, look)

/// Rings at `at` for the thing `id`. Setting the same one twice is one timer.
void set_timer(Batch& batch, TimerKind kind, Time at, std::string_view id);

/// Takes it back; `at` as it was set.
void clear_timer(Batch& batch, TimerKind kind, Time at, std::string_view id);

/// The ids whose time has come, oldest first, at most `limit`. Errors: unavailable.
[[nodiscard]] Result<std::vector<std::string>> due_timers(const Store& store,
                                                          TimerKind kind,
                                                          Time now,
                                                          std::size_t limit);

}  // namespace sallyport::store
