#include "connectors/manifest/pace.hpp"

#include <algorithm>

namespace sallyport::connectors::manifest {

Pace::Pace(const std::vector<LimitSpec>& limits) {
  for (const auto& limit : limits) {
    const auto window =
        std::chrono::duration_cast<Clock::duration>(std::chrono::seconds{limit.per_s});
    const auto interval = window / limit.requests;
    limits_.push_back({.interval = interval, .tolerance = window - interval, .next = {}});
  }
}

std::optional<Pace::Clock::time_point> Pace::book(Clock::time_point now, Clock::time_point latest) {
  auto at = std::max(now, held_until_);
  for (const auto& limit : limits_) at = std::max(at, limit.next - limit.tolerance);
  if (at > latest) return std::nullopt;
  for (auto& limit : limits_) limit.next = std::max(limit.next, at) + limit.interval;
  return at;
}

void Pace::hold_until(Clock::time_point until) {
  held_until_ = std::max(held_until_, until);
}

}  // namespace sallyport::connectors::manifest
