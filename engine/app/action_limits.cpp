#include "engine/app/action_limits.hpp"

#include <chrono>
#include <cstdint>

namespace sallyport::app {

namespace {

using std::chrono::seconds;

struct OwnBreaker {
  std::optional<std::uint32_t> failures;
  std::optional<std::uint32_t> open_for_s;
  std::optional<std::uint32_t> wait_for_s;
};

struct OwnActions {
  std::optional<std::uint32_t> request_timeout_s;
  std::optional<std::uint32_t> attempts;
  std::optional<std::uint32_t> at_once;
  OwnBreaker breaker;
};

BOOST_DESCRIBE_STRUCT(OwnBreaker, (), (failures, open_for_s, wait_for_s))
BOOST_DESCRIBE_STRUCT(OwnActions, (), (request_timeout_s, attempts, at_once, breaker))

}  // namespace

act::ProductLimits product_limits(const config::ActionSettings& settings) {
  return {.request_timeout = seconds{settings.request_timeout_s},
          .attempts = settings.attempts,
          .at_once = settings.at_once,
          .breaker = {.failures = settings.breaker.failures,
                      .open_for = seconds{settings.breaker.open_for_s}},
          .wait_for = seconds{settings.breaker.wait_for_s}};
}

std::optional<act::ProductLimits> own_limits(const json::object& entry,
                                             const config::ActionSettings& settings,
                                             const std::string& pointer,
                                             Faults& faults) {
  const auto* given = entry.if_contains("actions");
  if (!given) return std::nullopt;
  const auto at = child(pointer, "actions");
  OwnActions own;
  Faults found;
  read_json(*given, own, found, at);
  const auto at_least_one = [&](const char* name, const std::optional<std::uint32_t>& value) {
    if (value && *value == 0)
      found.push_back({.pointer = child(at, name), .message = "at least 1"});
  };
  at_least_one("request_timeout_s", own.request_timeout_s);
  at_least_one("attempts", own.attempts);
  at_least_one("at_once", own.at_once);
  faults.insert(faults.end(), found.begin(), found.end());
  if (has_errors(found)) return std::nullopt;
  auto all = settings;
  all.request_timeout_s = own.request_timeout_s.value_or(all.request_timeout_s);
  all.attempts = own.attempts.value_or(all.attempts);
  all.at_once = own.at_once.value_or(all.at_once);
  all.breaker.failures = own.breaker.failures.value_or(all.breaker.failures);
  all.breaker.open_for_s = own.breaker.open_for_s.value_or(all.breaker.open_for_s);
  all.breaker.wait_for_s = own.breaker.wait_for_s.value_or(all.breaker.wait_for_s);
  return product_limits(all);
}

}  // namespace sallyport::app
