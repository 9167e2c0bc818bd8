#pragma once

#include "engine/app/commands/record_place.hpp"
#include "engine/app/policy_versions.hpp"
#include "engine/app/store_records.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sallyport::app {

/// A version as a command shows it, wherever it came from.
struct ShownPolicy {
  StoredPolicy stored;   ///< `text` empty: the token does not see all tenants.
  json::value document;  ///< As far as the token sees it.
};

/// A version by number, by time, or (neither) the newest. Errors: not_found, and those of place.
[[nodiscard]] Result<ShownPolicy> find_policy(const RecordPlace& place,
                                              std::optional<std::uint64_t> version,
                                              std::optional<Time> at);

/// The versions, newest first, at most `limit`. Errors: those of place.
[[nodiscard]] Result<std::vector<StoredPolicy>> find_history(const RecordPlace& place,
                                                             std::size_t limit);

/// Prints a failure; the exit status that fits.
[[nodiscard]] int policy_failed(const Error& error);

}  // namespace sallyport::app
