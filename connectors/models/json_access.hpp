#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <string_view>

/// Looking into JSON that somebody else wrote: what is not there, or is something else, is empty.
namespace sallyport::connectors::models {

namespace json = boost::json;

[[nodiscard]] inline const json::object* object_at(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value ? value->if_object() : nullptr;
}

[[nodiscard]] inline const json::array* list_at(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value ? value->if_array() : nullptr;
}

[[nodiscard]] inline std::string_view text_at(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string_view{text->data(), text->size()} : std::string_view{};
}

/// -1 where there is no number.
[[nodiscard]] inline std::int64_t number_at(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (!value) return -1;
  if (value->is_int64()) return value->get_int64();
  if (value->is_uint64()) return static_cast<std::int64_t>(value->get_uint64());
  return -1;
}

}  // namespace sallyport::connectors::models
