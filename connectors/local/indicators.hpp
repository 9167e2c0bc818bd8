#pragma once

#include "engine/base/result.hpp"
#include "engine/base/time.hpp"
#include "engine/model/alert.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sallyport::connectors::local {

/// What a list says of one indicator.
struct Indicator {
  std::string kind;   ///< ip, domain, url, hash, email; empty: recognised from the value.
  std::string value;  ///< An ip may be a network: 203.0.113.0/24.
  double confidence = 0.7;
  bool good = false;        ///< Known to be reputable; else known to be bad.
  bool subdomains = false;  ///< A domain stands for everything under it, too.
  std::optional<Time> valid_until;
};

/// A list that names an entity.
struct Hit {
  std::string indicator;  ///< As the list has it.
  std::string list;
  double confidence = 0;
  bool good = false;
};

/// Indicators of many lists. Filled once, then only asked: thread-safe for readers.
///
/// A lookup costs one hash probe for each kind of prefix that occurs, whatever the number of
/// indicators.
class IndicatorSet {
 public:
  /// Errors: invalid_input, when the value is not of its kind, or of none that is known.
  [[nodiscard]] Result<> add(const Indicator& indicator, std::string_view list);

  /// The lists that name `entity` and were valid at `now`. A url is also looked for by its host, a
  /// mail address by its domain.
  [[nodiscard]] std::vector<Hit> find(const model::Entity& entity, Time now) const;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  [[nodiscard]] std::size_t lists() const noexcept { return names_.size(); }

 private:
  struct Entry {
    std::int64_t valid_until = std::numeric_limits<std::int64_t>::max();
    float confidence = 0;
    std::uint32_t list = 0;
    std::uint32_t next = none;  ///< Of the same key.
    bool good = false;
    bool subdomains = false;
  };

  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  void insert(std::string key, const Entry& entry);
  void collect(const std::string& key, Time now, bool parents_only, std::vector<Hit>& hits) const;
  void find_address(std::string_view text, Time now, std::vector<Hit>& hits) const;
  void find_domain(std::string_view text, Time now, std::vector<Hit>& hits) const;

  std::unordered_map<std::string, std::uint32_t> first_;  ///< kind letter and value -> entry
  std::vector<Entry> entries_;
  std::vector<std::string> names_;
  std::array<std::set<unsigned, std::greater<>>, 2> prefixes_;  ///< Of IPv4 and IPv6 networks.
  bool any_subdomains_ = false;
};

}  // namespace sallyport::connectors::local
