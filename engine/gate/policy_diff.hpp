#pragma once

#include "engine/base/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::gate {

/// One place where two policy files differ.
struct PolicyChange {
  /// JSON pointer. An entry of a whitelist is named by its id: its place in the list means nothing.
  std::string path;
  std::optional<json::value> before;  ///< Empty: it was not there.
  std::optional<json::value> after;   ///< Empty: it is gone.

  /// What it touches: a tenant's name; empty: all of them.
  [[nodiscard]] std::string tenant() const;
};

BOOST_DESCRIBE_STRUCT(PolicyChange, (), (path, before, after))

/// What is to be done to make `after` of `before`; empty: they say the same. Comments, order of
/// keys and spelling do not count.
[[nodiscard]] std::vector<PolicyChange> policy_diff(const json::value& before,
                                                    const json::value& after);

/// Those that a person may see who is concerned with `tenant`: its own and what is for all.
[[nodiscard]] std::vector<PolicyChange> changes_of(const std::vector<PolicyChange>& changes,
                                                   std::string_view tenant);

/// `path: before -> after`, one line.
[[nodiscard]] std::string to_text(const PolicyChange& change);

}  // namespace sallyport::gate
