#include "engine/audit/policy_history.hpp"

#include "engine/config/document.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace sallyport::audit {

namespace {

using Items = std::map<std::string, json::value>;

/// What an entry of a list is known by: its id, or all of it.
std::string name_of_item(const json::value& item) {
  const auto* object = item.if_object();
  const auto* id = object ? object->if_contains("id") : nullptr;
  const auto* text = id ? id->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : to_json(item);
}

/// A section as items that can be compared one by one.
Items items_of(const json::object* where, std::string_view section) {
  Items items;
  const auto* found = where ? where->if_contains(section) : nullptr;
  if (!found) return items;
  if (const auto* object = found->if_object()) {
    for (const auto& [key, value] : *object)
      items.emplace(std::string{key.data(), key.size()}, value);
  } else if (const auto* array = found->if_array()) {
    for (const auto& value : *array) items.emplace(name_of_item(value), value);
  } else {
    items.emplace(section, *found);
  }
  return items;
}

std::string text_of(const json::value* value) {
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : std::string{};
}

}  // namespace

Result<PolicyHistory> PolicyHistory::load(const store::Store& store) {
  std::vector<KeptPolicy> versions;
  std::optional<Error> broken;
  const auto scanned = store.scan(store::Table::policy,
                                  store::key({"version", ""}),
                                  {},
                                  false,
                                  [&](std::string_view, std::string_view value) {
                                    auto kept = from_json<KeptPolicy>(value);
                                    if (kept) {
                                      versions.push_back(*std::move(kept));
                                    } else {
                                      broken = kept.error();
                                    }
                                    return !broken;
                                  });
  if (!scanned) return std::unexpected{scanned.error()};
  if (broken) return std::unexpected{*broken};
  return of(std::move(versions));
}

Result<PolicyHistory> PolicyHistory::of(std::vector<KeptPolicy> versions) {
  PolicyHistory history;
  for (auto& kept : versions) {
    const auto name = fmt::format("policy version {}", kept.version);
    const auto document = config::Document::parse(kept.text, name);
    if (!document) return fail(Errc::corrupt, document.error().detail);
    const auto* root = document->root().if_object();
    history.versions_.push_back(
        {.kept = std::move(kept), .document = root ? *root : json::object{}});
  }
  return history;
}

std::vector<PolicyHistory::InForce> PolicyHistory::in_force(Window window) const {
  std::vector<InForce> intervals;
  const Version* current = nullptr;
  auto since = window.from;
  for (const auto& version : versions_) {
    const auto at = version.kept.adopted_at;
    if (at >= window.to) break;
    if (at > since) {
      intervals.push_back({.version = current, .during = {.from = since, .to = at}});
      since = at;
    }
    current = &version;
  }
  if (since < window.to)
    intervals.push_back({.version = current, .during = {.from = since, .to = window.to}});
  return intervals;
}

const json::object* PolicyHistory::tenant_in(const Version& version, std::string_view tenant) {
  const auto* tenants = version.document.if_contains("tenants");
  const auto* all = tenants ? tenants->if_object() : nullptr;
  const auto* one = all ? all->if_contains(tenant) : nullptr;
  return one ? one->if_object() : nullptr;
}

bool ClosedLimit::reaches(std::string_view target_kind) const {
  return target_kinds.empty() || std::ranges::find(target_kinds, target_kind) != target_kinds.end();
}

std::vector<ClosedLimit> closed_limits(const json::value& limits) {
  std::vector<ClosedLimit> found;
  if (const auto* list = limits.if_array()) {
    for (const auto& one : *list) std::ranges::move(closed_limits(one), std::back_inserter(found));
    return found;
  }
  const auto* limit = limits.if_object();
  const bool closed =
      limit && std::ranges::any_of(*limit, [](const auto& window) {
        return window.value().is_number() && window.value().template to_number<double>() == 0;
      });
  if (!closed) return found;
  ClosedLimit one{.target_kinds = {}, .reason = text_of(limit->if_contains("reason"))};
  if (const auto* when = limit->if_contains("when")) {
    const auto* block = when->if_object();
    const auto* kinds = block && block->size() == 1 ? block->if_contains("target.kind") : nullptr;
    if (!kinds) return found;
    if (const auto* list = kinds->if_array()) {
      for (const auto& kind : *list) one.target_kinds.push_back(text_of(&kind));
    } else {
      one.target_kinds.push_back(text_of(kinds));
    }
  }
  found.push_back(std::move(one));
  return found;
}

std::optional<std::string> PolicyHistory::closed_limit(const json::object* tenant,
                                                       std::string_view verb,
                                                       std::string_view target_kind) {
  const auto* limits = tenant ? tenant->if_contains("limits") : nullptr;
  const auto* all = limits ? limits->if_object() : nullptr;
  const auto* of_verb = all ? all->if_contains(verb) : nullptr;
  if (!of_verb) return std::nullopt;
  for (auto& one : closed_limits(*of_verb))
    if (one.reaches(target_kind)) return std::move(one.reason);
  return std::nullopt;
}

std::vector<PolicyChange> PolicyHistory::changes(std::string_view tenant,
                                                 std::string_view section,
                                                 Window window) const {
  std::vector<PolicyChange> found;
  Items before;
  for (const auto& version : versions_) {
    const auto& kept = version.kept;
    if (kept.adopted_at >= window.to) break;
    const auto* where = tenant.empty() ? &version.document : tenant_in(version, tenant);
    auto after = items_of(where, section);
    const auto tell =
        [&](const std::string& item, const char* change, json::value was, json::value is) {
          found.push_back({.at = kept.adopted_at,
                           .tenant = std::string{tenant},
                           .version = kept.version,
                           .by = kept.by,
                           .reason = kept.reason,
                           .item = item,
                           .change = change,
                           .before = std::move(was),
                           .after = std::move(is)});
        };
    if (kept.adopted_at <= window.from) {
      // Of what came before the window only the last counts.
      found.clear();
      for (const auto& [item, value] : after) tell(item, "in_force", nullptr, value);
    } else {
      for (const auto& [item, value] : before)
        if (!after.contains(item)) tell(item, "removed", value, nullptr);
      for (const auto& [item, value] : after) {
        const auto was = before.find(item);
        if (was == before.end()) {
          tell(item, "added", nullptr, value);
        } else if (was->second != value) {
          tell(item, "changed", was->second, value);
        }
      }
    }
    before = std::move(after);
  }
  return found;
}

}  // namespace sallyport::audit
