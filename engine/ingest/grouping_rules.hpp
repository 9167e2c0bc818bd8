#pragma once

#include "engine/base/fault.hpp"
#include "engine/base/time.hpp"
#include "engine/model/alert.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sallyport::ingest {

/// A key that alerts of one story share: of tenant, rule and the values it asks for, so that
/// neither tenants nor rules can meet.
using GroupKey = std::array<std::uint64_t, 2>;

/// How long, and to how many, an investigation is open by a rule.
struct GroupBounds {
  std::string rule;
  std::chrono::seconds window{0};  ///< After its last alert.
  std::chrono::seconds lasts{0};   ///< After its first.
  std::uint64_t cap = 0;           ///< Alerts.
};

/// A key of an alert, and by which rule (its place among bounds()).
struct KeyOfRule {
  std::uint32_t rule = 0;
  GroupKey key{};
};

/// config/grouping.yaml, compiled.
///
/// Thread-safe: immutable.
class GroupingRules {
 public:
  /// No rules: no alert has a key.
  GroupingRules();

  /// Nothing is returned when one of the faults is an error.
  [[nodiscard]] static std::shared_ptr<const GroupingRules> read(const json::value& document,
                                                                 Faults& faults);

  /// The keys of `alert` in the order of the rules: none by a rule that asks for a field that the
  /// alert does not have, at most `most_keys` by one.
  [[nodiscard]] std::vector<KeyOfRule> keys_of(const model::Alert& alert) const;

  [[nodiscard]] const std::vector<GroupBounds>& bounds() const noexcept { return bounds_; }

  /// Investigations that can be joined at once.
  [[nodiscard]] std::size_t remembered() const noexcept { return remembered_; }

  /// How often a verdict may have a new version.
  [[nodiscard]] std::uint32_t reopenings() const noexcept { return reopenings_; }

  /// The longest that an investigation may be open by any rule.
  [[nodiscard]] std::chrono::seconds longest() const;

  static constexpr std::size_t most_keys = 8;

 private:
  struct Rule;

  std::vector<Rule> rules_;
  std::vector<GroupBounds> bounds_;
  std::size_t remembered_ = 0;
  std::uint32_t reopenings_ = 0;

 public:
  ~GroupingRules();
  GroupingRules(const GroupingRules&) = delete;
  GroupingRules& operator=(const GroupingRules&) = delete;
};

}  // namespace sallyport::ingest
