#pragma once

#include "engine/app/api_client.hpp"
#include "engine/app/policy_versions.hpp"
#include "engine/app/store_records.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sallyport::app {

/// Where a command finds the versions of the policy: a running engine, or the data directory.
struct PolicyPlace {
  ApiOptions api;
  std::string config;
  std::string data;

  void add_to(CLI::App& command);

  /// True: a running engine is asked, because one is named and no directory is.
  [[nodiscard]] bool remote() const { return data.empty() && config.empty() && !api.url.empty(); }

  /// The store, looked at. Errors: those of Store::open and of the settings.
  [[nodiscard]] Result<std::unique_ptr<store::Store>> open() const;
};

/// A version as a command shows it, wherever it came from.
struct ShownPolicy {
  StoredPolicy stored;   ///< `text` empty: the token does not see all tenants.
  json::value document;  ///< As far as the token sees it.
};

/// A version by number, by time, or (neither) the newest. Errors: not_found, and those of place.
[[nodiscard]] Result<ShownPolicy> find_policy(const PolicyPlace& place,
                                              std::optional<std::uint64_t> version,
                                              std::optional<Time> at);

/// The versions, newest first, at most `limit`. Errors: those of place.
[[nodiscard]] Result<std::vector<StoredPolicy>> find_history(const PolicyPlace& place,
                                                             std::size_t limit);

/// Prints a failure; the exit status that fits.
[[nodiscard]] int policy_failed(const Error& error);

/// The same where nothing could be asked: 2, whatever the error.
[[nodiscard]] int policy_unusable(const Error& error);

}  // namespace sallyport::app
