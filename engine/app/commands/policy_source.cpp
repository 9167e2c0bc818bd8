#include "engine/app/commands/policy_source.hpp"

#include "engine/config/document.hpp"

namespace sallyport::app {

namespace {

/// What the API says of a version.
Result<ShownPolicy> shown_version(const json::value& view) {
  ShownPolicy shown;
  Faults faults;
  read_json(view, shown.stored, faults, "", UnknownKeys::ignored);
  if (!faults.empty())
    return fail(Errc::unavailable, "the answer is no version of a policy: " + summary(faults));
  if (const auto* document = view.get_object().if_contains("policy")) shown.document = *document;
  return shown;
}

}  // namespace

Result<ShownPolicy> find_policy(const RecordPlace& place,
                                std::optional<std::uint64_t> version,
                                std::optional<Time> at) {
  if (place.remote()) {
    const auto client = ApiClient::make(place.api);
    if (!client) return std::unexpected{client.error()};
    ApiClient::Query query;
    if (version) query.emplace_back("version", fmt::to_string(*version));
    if (at) query.emplace_back("at", to_rfc3339(*at));
    const auto view = (*client)->get({"v1", "policy"}, query);
    if (!view) return std::unexpected{view.error()};
    return shown_version(*view);
  }
  const auto store = place.offline.open();
  if (!store) return std::unexpected{store.error()};
  auto stored = version ? policy_version(**store, *version)
                        : policy_at(**store, at.value_or(SystemClock{}.now()));
  if (!stored) return std::unexpected{stored.error()};
  const auto document = config::Document::parse(stored->text, "policy");
  if (!document) return std::unexpected{document.error()};
  return ShownPolicy{.stored = *std::move(stored), .document = document->root()};
}

Result<std::vector<StoredPolicy>> find_history(const RecordPlace& place, std::size_t limit) {
  std::vector<StoredPolicy> versions;
  if (place.remote()) {
    const auto client = ApiClient::make(place.api);
    if (!client) return std::unexpected{client.error()};
    const auto items = (*client)->list({"v1", "policy", "history"}, {}, limit);
    if (!items) return std::unexpected{items.error()};
    for (const auto& item : *items) {
      auto version = shown_version(item);
      if (!version) return std::unexpected{version.error()};
      versions.push_back(std::move(version->stored));
    }
    return versions;
  }
  const auto store = place.offline.open();
  if (!store) return std::unexpected{store.error()};
  const auto visited = policy_history(**store, 0, [&](StoredPolicy version) {
    if (versions.size() == limit) return false;
    version.text.clear();
    versions.push_back(std::move(version));
    return true;
  });
  if (!visited) return std::unexpected{visited.error()};
  return versions;
}

int policy_failed(const Error& error) {
  fmt::print(stderr, "sallyport policy: ");
  return report(error);
}

}  // namespace sallyport::app
