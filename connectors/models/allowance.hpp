#pragma once

#include "engine/base/time.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace sallyport::connectors::models {

/// What each tenant may spend on models in a day (UTC). 0: no limit.
struct DailyLimits {
  std::int64_t tokens = 0;
  double usd = 0;
};

/// The one owner of what tenants may spend. A call is admitted while the tenant has something left,
/// counting what its calls under way are expected to cost; the last one may go over by what it
/// turns out to cost.
///
/// Thread-safe.
class Allowance {
 public:
  Allowance(DailyLimits limits, const Clock& clock) : limits_{limits}, clock_{clock} {}

  /// Why not; nothing: it is admitted, and `expected` tokens are set aside until settle().
  [[nodiscard]] std::optional<std::string> admit(const std::string& tenant, std::int64_t expected);

  void settle(const std::string& tenant, std::int64_t expected, std::int64_t tokens, double usd);

  /// What was spent at `when`, before this process began. Of another day than now: not counted.
  void remember(const std::string& tenant, Time when, std::int64_t tokens, double usd);

 private:
  struct Spent {
    std::int64_t tokens = 0;
    std::int64_t under_way = 0;
    double usd = 0;
  };

  using Day = std::chrono::sys_days;

  void turn(Day today);

  DailyLimits limits_;
  const Clock& clock_;
  std::mutex mutex_;
  Day day_{};
  std::map<std::string, Spent> spent_;
};

}  // namespace sallyport::connectors::models
