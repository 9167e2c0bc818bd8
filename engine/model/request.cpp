#include "engine/model/request.hpp"

#include "engine/base/digest.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <concepts>
#include <type_traits>
#include <vector>

namespace sallyport::model {

namespace {

/// As append_json() does, but with the keys of every object in the order of their bytes.
void append_sorted(std::string& out, const json::value& value);

void append_sorted(std::string& out, const json::object& object) {
  std::vector<const json::key_value_pair*> members;
  members.reserve(object.size());
  for (const auto& member : object) members.push_back(&member);
  std::ranges::sort(members, {}, [](const auto* member) -> std::string_view {
    return {member->key().data(), member->key().size()};
  });
  out += '{';
  for (const auto* member : members) {
    if (out.back() != '{') out += ',';
    append_json(out, std::string_view{member->key().data(), member->key().size()});
    out += ':';
    append_sorted(out, member->value());
  }
  out += '}';
}

void append_sorted(std::string& out, const json::value& value) {
  if (const auto* object = value.if_object()) return append_sorted(out, *object);
  const auto* list = value.if_array();
  if (!list) return append_json(out, value);
  out += '[';
  for (const auto& item : *list) {
    if (out.back() != '[') out += ',';
    append_sorted(out, item);
  }
  out += ']';
}

}  // namespace

std::string request_hash(const ActionRequest& request) {
  std::string canonical;
  canonical.reserve(1024);
  boost::mp11::mp_for_each<detail::Members<ActionRequest>>([&](auto member) {
    if constexpr (detail::is_optional<std::remove_cvref_t<decltype(request.*member.pointer)>>)
      if (!(request.*member.pointer)) return;
    canonical += canonical.empty() ? "{\"" : ",\"";
    canonical += member.name;
    canonical += "\":";
    const auto& value = request.*member.pointer;
    if constexpr (std::same_as<std::remove_cvref_t<decltype(value)>, json::object>) {
      append_sorted(canonical, value);
    } else {
      append_json(canonical, value);
    }
  });
  canonical += '}';
  return content_hash(canonical);
}

}  // namespace sallyport::model
