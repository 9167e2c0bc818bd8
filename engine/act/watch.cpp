#include "engine/act/watch.hpp"

#include "engine/act/life.hpp"

#include <algorithm>
#include <functional>
#include <string>

namespace sallyport::act {

namespace {

Time spread(const model::Action& action, Time now, std::chrono::seconds interval) {
  constexpr std::size_t steps = 1000;
  const auto chance = std::hash<std::string>{}(action.id.text() + to_rfc3339(now));
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(interval);
  return now + whole * 3 / 4 + whole * static_cast<std::int64_t>(chance % steps) / (2 * steps);
}

}  // namespace

std::optional<Time> next_look(const WatchRule& rule, const model::Action& action, Time now) {
  using enum model::ActionState;
  if (action.state == unknown) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - action.created_at);
    const auto slowest = std::max(rule.every, rule.unclear_every);
    return spread(action, now, std::clamp(age / 2, rule.unclear_every, slowest));
  }
  const bool says_no = action.verification && action.verification->in_effect == false;
  const bool watched = action.state == verified || (action.state == succeeded && says_no);
  if (!watched || is_over(action) || rule.every.count() == 0) return std::nullopt;
  const auto at = spread(action, now, rule.every);
  if (at > action.rollback->recorded_at + rule.lasting) return std::nullopt;
  return at;
}

}  // namespace sallyport::act
