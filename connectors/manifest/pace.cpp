#include "connectors/manifest/pace.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::uint32_t most_concurrency = 64;
constexpr std::uint32_t longest_window_s = 86'400;

}  // namespace

std::string fault_of(const LimitSpec& limit) {
  const bool sound = limit.requests >= 1 && limit.per_s >= 1 && limit.per_s <= longest_window_s;
  return sound ? std::string{}
               : fmt::format("requests is at least 1, per_s from 1 to {}", longest_window_s);
}

std::string fault_of_concurrency(std::uint32_t connections) {
  const bool sound = connections >= 1 && connections <= most_concurrency;
  return sound ? std::string{} : fmt::format("goes from 1 to {}", most_concurrency);
}

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
