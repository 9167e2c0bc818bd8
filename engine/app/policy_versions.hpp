#pragma once

#include "engine/gate/policy_diff.hpp"
#include "engine/model/request.hpp"
#include "engine/store/store.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::app {

/// A version of the policy, as the store keeps it for ever.
struct StoredPolicy {
  std::uint64_t version = 0;
  std::string hash;
  Time adopted_at;
  model::Actor by;
  std::string reason;
  std::string text;                         ///< The file, byte for byte.
  std::vector<gate::PolicyChange> changes;  ///< To the version before; the first most_changes.
  std::uint64_t changes_left_out = 0;
};

BOOST_DESCRIBE_STRUCT(StoredPolicy,
                      (),
                      (version, hash, adopted_at, by, reason, text, changes, changes_left_out))

/// Of one version, in its record and in the ledger; the texts hold all.
inline constexpr std::size_t most_changes = 1000;

/// Where Table::policy keeps a version.
[[nodiscard]] std::string policy_version_key(std::uint64_t version);

/// Errors: not_found (no such version), corrupt, unavailable.
[[nodiscard]] Result<StoredPolicy> policy_version(const store::Store& store, std::uint64_t version);

/// The version in force at `at`: the last that was adopted by then. Errors: as policy_version().
[[nodiscard]] Result<StoredPolicy> policy_at(const store::Store& store, Time at);

/// Visits the versions, newest first, from `from` on (0: the newest); `visit` returns false to
/// stop. Errors: corrupt, unavailable.
[[nodiscard]] Result<> policy_history(const store::Store& store,
                                      std::uint64_t from,
                                      const std::function<bool(StoredPolicy version)>& visit);

}  // namespace sallyport::app
