#include "connectors/models/allowance.hpp"

#include <fmt/format.h>

namespace sallyport::connectors::models {

void Allowance::turn(Day today) {
  if (today == day_) return;
  day_ = today;
  for (auto& [tenant, spent] : spent_) spent = {.under_way = spent.under_way};
}

std::optional<std::string> Allowance::admit(const std::string& tenant, std::int64_t expected) {
  const std::scoped_lock lock{mutex_};
  turn(std::chrono::floor<std::chrono::days>(clock_.now()));
  auto& spent = spent_[tenant];
  if (limits_.tokens > 0 && spent.tokens + spent.under_way + expected > limits_.tokens)
    return fmt::format("the daily allowance of {} tokens is used up", limits_.tokens);
  if (limits_.usd > 0 && spent.usd >= limits_.usd)
    return fmt::format("the daily allowance of {} USD is used up", limits_.usd);
  spent.under_way += expected;
  return std::nullopt;
}

void Allowance::settle(const std::string& tenant,
                       std::int64_t expected,
                       std::int64_t tokens,
                       double usd) {
  const std::scoped_lock lock{mutex_};
  turn(std::chrono::floor<std::chrono::days>(clock_.now()));
  auto& spent = spent_[tenant];
  spent.under_way -= expected;
  spent.tokens += tokens;
  spent.usd += usd;
}

void Allowance::remember(const std::string& tenant, Time when, std::int64_t tokens, double usd) {
  const std::scoped_lock lock{mutex_};
  const auto today = std::chrono::floor<std::chrono::days>(clock_.now());
  turn(today);
  if (std::chrono::floor<std::chrono::days>(when) != today) return;
  auto& spent = spent_[tenant];
  spent.tokens += tokens;
  spent.usd += usd;
}

}  // namespace sallyport::connectors::models
