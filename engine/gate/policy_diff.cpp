#include "engine/gate/policy_diff.hpp"

#include <algorithm>
#include <iterator>

namespace sallyport::gate {

namespace {

using Changes = std::vector<PolicyChange>;

/// The list as a map from the ids of its items; nothing when one has none or two share one.
std::optional<json::object> by_id(const json::value& list) {
  json::object items;
  for (const auto& item : list.get_array()) {
    const auto* object = item.if_object();
    const auto* id = object ? object->if_contains("id") : nullptr;
    if (!id || !id->is_string() || items.contains(id->get_string())) return std::nullopt;
    items.emplace(id->get_string(), item);
  }
  return items;
}

void compare(const std::string& path,
             const json::value& before,
             const json::value& after,
             Changes& changes);

void compare(const std::string& path,
             const json::object& before,
             const json::object& after,
             Changes& changes) {
  for (const auto& item : before) {
    const auto where = child(path, std::string_view{item.key()});
    if (const auto* other = after.if_contains(item.key())) {
      compare(where, item.value(), *other, changes);
    } else {
      changes.push_back({.path = where, .before = item.value(), .after = std::nullopt});
    }
  }
  for (const auto& item : after) {
    if (before.contains(item.key())) continue;
    changes.push_back({.path = child(path, std::string_view{item.key()}),
                       .before = std::nullopt,
                       .after = item.value()});
  }
}

void compare(const std::string& path,
             const json::value& before,
             const json::value& after,
             Changes& changes) {
  if (before == after) return;
  if (before.is_object() && after.is_object())
    return compare(path, before.get_object(), after.get_object(), changes);
  if (before.is_array() && after.is_array()) {
    const auto old_items = by_id(before);
    const auto new_items = by_id(after);
    if (old_items && new_items) return compare(path, *old_items, *new_items, changes);
  }
  changes.push_back({.path = path, .before = before, .after = after});
}

}  // namespace

std::string PolicyChange::tenant() const {
  constexpr std::string_view tenants = "/tenants/";
  if (!path.starts_with(tenants)) return {};
  const auto escaped = path.substr(tenants.size(), path.find('/', tenants.size()) - tenants.size());
  std::string name;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const bool escape = escaped[i] == '~' && i + 1 < escaped.size();
    name += escape ? (escaped[++i] == '0' ? '~' : '/') : escaped[i];
  }
  return name;
}

Changes policy_diff(const json::value& before, const json::value& after) {
  Changes changes;
  // A file that holds nothing says what an empty map says.
  const json::value nothing = json::object{};
  const auto& old_document = before.is_null() ? nothing : before;
  const auto& new_document = after.is_null() ? nothing : after;
  const auto tenants = [&](const json::value& document) {
    const auto* object = document.if_object();
    const auto* found = object ? object->if_contains("tenants") : nullptr;
    return found && found->is_object() ? found->get_object() : json::object{};
  };
  // Tenant by tenant, so that each change belongs to one, also of a file that named none before.
  compare("/tenants", tenants(old_document), tenants(new_document), changes);
  auto rest = [](const json::value& document) {
    auto copy = document.is_object() ? document.get_object() : json::object{};
    copy.erase("tenants");
    return copy;
  };
  compare("", rest(old_document), rest(new_document), changes);
  std::ranges::sort(changes, {}, &PolicyChange::path);
  return changes;
}

Changes changes_of(const Changes& changes, std::string_view tenant) {
  Changes visible;
  std::ranges::copy_if(changes, std::back_inserter(visible), [&](const PolicyChange& change) {
    const auto of = change.tenant();
    return of.empty() || of == tenant;
  });
  return visible;
}

std::string to_text(const PolicyChange& change) {
  const auto shown = [](const std::optional<json::value>& value) -> std::string {
    if (!value) return "(nothing)";
    if (const auto* text = value->if_string()) return std::string{std::string_view{*text}};
    return to_json(*value);
  };
  return fmt::format("{}: {} -> {}", change.path, shown(change.before), shown(change.after));
}

}  // namespace sallyport::gate
