#include "engine/app/policy_versions.hpp"

#include <utility>

namespace sallyport::app {

using store::Table;

std::string policy_version_key(std::uint64_t version) {
  return store::key({"version", fmt::format("{:020}", version)});
}

Result<StoredPolicy> policy_version(const store::Store& store, std::uint64_t version) {
  auto stored = store.load<StoredPolicy>(Table::policy, policy_version_key(version));
  if (!stored && stored.error().code == Errc::not_found)
    return fail(Errc::not_found, fmt::format("there is no version {} of the policy", version));
  return stored;
}

Result<StoredPolicy> policy_at(const store::Store& store, Time at) {
  std::optional<StoredPolicy> found;
  const auto looked = policy_history(store, 0, [&](StoredPolicy version) {
    if (version.adopted_at > at) return true;
    found = std::move(version);
    return false;
  });
  if (!looked) return std::unexpected{looked.error()};
  if (found) return *std::move(found);
  return fail(Errc::not_found, fmt::format("no policy was in force at {}", to_rfc3339(at)));
}

Result<> policy_history(const store::Store& store,
                        std::uint64_t from,
                        const std::function<bool(StoredPolicy version)>& visit) {
  std::optional<Error> broken;
  const auto scanned = store.scan(Table::policy,
                                  store::key({"version", ""}),
                                  from == 0 ? std::string{} : policy_version_key(from),
                                  true,
                                  [&](std::string_view, std::string_view value) {
                                    auto stored = from_json<StoredPolicy>(value);
                                    if (stored) return visit(*std::move(stored));
                                    broken = stored.error();
                                    return false;
                                  });
  if (!scanned) return scanned;
  if (broken) return std::unexpected{*broken};
  return {};
}

}  // namespace sallyport::app
