#include "engine/base/spelling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace sallyport {

namespace {

constexpr std::size_t most_named = 40;

/// How many letters must be added, removed, replaced or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> older(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::vector<std::size_t> next(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        next[j] = std::min(next[j], older[j - 2] + 1);
    }
    older.swap(row);
    row.swap(next);
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string_view> likely_meant(std::string_view written,
                                             const std::vector<std::string_view>& known) {
  if (written.size() > 64) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t least = 3;
  for (const auto candidate : known) {
    const auto n = distance(written, candidate);
    if (n < least && n * 2 < candidate.size()) {
      least = n;
      best = candidate;
    }
  }
  return best;
}

std::string suggestion(std::string_view written, const std::vector<std::string_view>& known) {
  if (const auto meant = likely_meant(written, known))
    return fmt::format("; did you mean '{}'?", *meant);
  if (known.size() > most_named)
    return fmt::format("; none of the {} known is like it", known.size());
  return fmt::format("; known are {}", fmt::join(known, ", "));
}

}  // namespace sallyport
