#include "engine/approve/changes.hpp"

#include "engine/base/spelling.hpp"
#include "engine/base/time.hpp"
#include "engine/match/pattern.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::approve {

namespace {

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

std::string_view text_at(const json::object& schema, std::string_view key) {
  const auto* found = schema.if_contains(key);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? view(*text) : std::string_view{};
}

std::optional<double> number_at(const json::object& schema, std::string_view key) {
  const auto* found = schema.if_contains(key);
  return found && found->is_number() ? std::optional{found->to_number<double>()} : std::nullopt;
}

bool is_of_type(const json::value& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_bool();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return type.empty();
}

/// One value against its schema.
struct Check {
  Faults& faults;

  void wrong(const std::string& at, std::string message) {
    faults.push_back({.pointer = at, .message = std::move(message)});
  }

  void text(const json::string& value, const json::object& schema, const std::string& at) {
    if (const auto least = number_at(schema, "minLength");
        least && static_cast<double>(value.size()) < *least)
      wrong(at, "must not be empty");
    if (text_at(schema, "format") == "date-time" && !parse_rfc3339(view(value)))
      wrong(at, "must be an RFC 3339 time such as 2026-11-01T10:00:00Z");
    const auto pattern = text_at(schema, "pattern");
    if (pattern.empty()) return;
    const auto compiled = match::Pattern::from_regex(pattern, "");
    if (!compiled || !compiled->matches(view(value)))
      wrong(at, fmt::format("must match {}", pattern));
  }

  void number(const json::value& value, const json::object& schema, const std::string& at) {
    const auto given = value.to_number<double>();
    const auto least = number_at(schema, "minimum");
    const auto most = number_at(schema, "maximum");
    if (least && given < *least) wrong(at, fmt::format("must be at least {}", *least));
    if (most && given > *most) wrong(at, fmt::format("must be at most {}", *most));
  }

  void list(const json::array& items, const json::object& schema, const std::string& at) {
    if (const auto least = number_at(schema, "minItems");
        least && static_cast<double>(items.size()) < *least)
      wrong(at, "must not be empty");
    const auto* of = schema.if_contains("items");
    const auto* unique = schema.if_contains("uniqueItems");
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (of && of->is_object()) check(items[i], of->get_object(), child(at, i));
      if (unique &&
          std::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), items[i]) !=
              items.begin() + static_cast<std::ptrdiff_t>(i))
        wrong(child(at, i), "stands in the list already");
    }
  }

  void object(const json::object& value, const json::object& schema, const std::string& at) {
    const auto* found = schema.if_contains("properties");
    static const json::object none;
    const auto& properties = found && found->is_object() ? found->get_object() : none;
    std::vector<std::string_view> known;
    for (const auto& item : properties) known.emplace_back(item.key());
    for (const auto& item : value) {
      const std::string_view key{item.key()};
      const auto* of = properties.if_contains(key);
      if (of && of->is_object()) {
        check(item.value(), of->get_object(), child(at, key));
        continue;
      }
      const auto meant = likely_meant(key, known);
      wrong(child(at, key),
            meant
                ? fmt::format("the verb has no such parameter; did you mean '{}'?", *meant)
                : fmt::format("the verb has no such parameter; it has: {}",
                              known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
    }
    const auto* required = schema.if_contains("required");
    if (!required || !required->is_array()) return;
    for (const auto& name : required->get_array())
      if (name.is_string() && !value.contains(name.get_string()))
        wrong(child(at, view(name.get_string())), "the verb needs it");
  }

  void check(const json::value& value, const json::object& schema, const std::string& at) {
    if (const auto* choices = schema.if_contains("enum"); choices && choices->is_array()) {
      const auto& list = choices->get_array();
      if (std::ranges::find(list, value) == list.end())
        wrong(at, fmt::format("must be one of {}", to_json(*choices)));
      return;
    }
    const auto type = text_at(schema, "type");
    if (!is_of_type(value, type)) return wrong(at, fmt::format("must be of type {}", type));
    if (value.is_string()) text(value.get_string(), schema, at);
    if (value.is_number()) number(value, schema, at);
    if (value.is_array()) list(value.get_array(), schema, at);
    if (value.is_object()) object(value.get_object(), schema, at);
  }
};

}  // namespace

json::object with_changes(json::object parameters, const json::object& changes) {
  for (const auto& item : changes) {
    if (item.value().is_null()) {
      parameters.erase(item.key());
    } else {
      parameters[item.key()] = item.value();
    }
  }
  return parameters;
}

Faults check_parameters(const model::Verb& verb, const json::object& parameters) {
  Faults faults;
  Check{.faults = faults}.object(parameters, verb.parameters, "/parameters");
  return faults;
}

}  // namespace sallyport::approve
