#include "engine/app/api_records.hpp"

namespace sallyport::app {

Result<std::vector<std::string>> ApiRecords::tenants() {
  const auto view = client_.get({"v1", "policy"});
  if (!view) return std::unexpected{view.error()};
  std::vector<std::string> names;
  const auto* object = view->if_object();
  const auto* policy = object ? object->if_contains("policy") : nullptr;
  const auto* tenants =
      policy && policy->is_object() ? policy->get_object().if_contains("tenants") : nullptr;
  if (tenants && tenants->is_object())
    for (const auto& tenant : tenants->get_object())
      names.emplace_back(std::string_view{tenant.key()});
  return names;
}

Result<> ApiRecords::entries(const std::string& tenant,
                             const std::vector<model::EntryKind>& kinds,
                             std::optional<Time> from,
                             std::optional<Time> to,
                             const std::function<bool(const model::LedgerEntry&)>& visit) {
  ApiClient::Query query{{"tenant", tenant}, {"limit", "1000"}};
  for (const auto kind : kinds) query.emplace_back("kind", std::string{name_of(kind)});
  if (from) query.emplace_back("from", to_rfc3339(*from));
  if (to) query.emplace_back("to", to_rfc3339(*to));
  for (std::string cursor;;) {
    auto part = query;
    if (!cursor.empty()) part.emplace_back("cursor", cursor);
    const auto page = client_.get({"v1", "ledger"}, part);
    if (!page) return std::unexpected{page.error()};
    const auto* object = page->if_object();
    const auto* items = object ? object->if_contains("items") : nullptr;
    if (!items || !items->is_array())
      return fail(Errc::unavailable, "the answer is no page: is this Sallyport's address?");
    for (const auto& item : items->get_array()) {
      model::LedgerEntry entry;
      Faults faults;
      read_json(item, entry, faults, "", UnknownKeys::ignored);
      if (!faults.empty()) return fail(Errc::corrupt, summary(faults));
      if (!visit(entry)) return {};
    }
    cursor = shown(*page, "next");
    if (cursor.empty()) return {};
  }
}

Result<Records::Version> ApiRecords::policy(std::uint64_t version) {
  const auto view = client_.get({"v1", "policy"}, {{"version", fmt::to_string(version)}});
  if (!view) return std::unexpected{view.error()};
  const auto* policy = view->is_object() ? view->get_object().if_contains("policy") : nullptr;
  if (!policy) return fail(Errc::unavailable, "the answer holds no policy");
  return Version{.document = *policy, .hash = shown(*view, "hash")};
}

}  // namespace sallyport::app
