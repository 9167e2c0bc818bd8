#pragma once

#include "engine/base/result.hpp"
#include "engine/model/alert.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sallyport::connectors::local {

/// Positions of machines by name and address. Names compare without case; a short name finds a
/// qualified one, and the other way round, where only one is meant.
class HostIndex {
 public:
  /// False: another position has that name, or that address. An empty one is none.
  bool add_name(std::string_view host, std::size_t position);
  bool add_address(const std::string& canonical, std::size_t position);

  /// The position of a host or an ip.
  [[nodiscard]] std::optional<std::size_t> find(const model::Entity& entity) const;

 private:
  static constexpr std::size_t ambiguous = static_cast<std::size_t>(-1);

  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<std::string, std::size_t> by_short_name_;  ///< Of qualified names.
  std::unordered_map<std::string, std::size_t> by_address_;
};

/// An address in the form that alerts have it in. Errors: invalid_input.
[[nodiscard]] Result<std::string> canonical_address(std::string_view text);

}  // namespace sallyport::connectors::local
