#pragma once

#include "engine/gate/usage.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace sallyport::gate {

/// How often something may run by itself, per window.
struct Rate {
  static constexpr auto unlimited = std::numeric_limits<std::uint32_t>::max();

  Counts at_most{unlimited, unlimited, unlimited};

  [[nodiscard]] bool limited() const { return *this != Rate{}; }

  /// True when nothing may run by itself, however little has.
  [[nodiscard]] bool closed() const { return std::ranges::find(at_most, 0U) != at_most.end(); }

  /// The first window that is used up, by what `used` counts in it.
  template <class Used>
  [[nodiscard]] std::optional<Window> used_up(const Used& used) const {
    for (const auto window : windows) {
      const auto limit = at_most.at(static_cast<std::size_t>(window));
      if (limit != unlimited && used(window) >= limit) return window;
    }
    return std::nullopt;
  }

  friend bool operator==(const Rate&, const Rate&) = default;
};

}  // namespace sallyport::gate
