#pragma once

#include "engine/base/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace sallyport::serve {

/// The JSON Schema of what to_json() makes of a `T`: the document cannot differ from the code.
template <class T>
[[nodiscard]] json::object schema_of() {
  if constexpr (std::same_as<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (detail::described_enum<T>) {
    json::array names;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
        [&](auto d) { names.emplace_back(spelled(d.name)); });
    return {{"type", "string"}, {"enum", std::move(names)}};
  } else if constexpr (std::integral<T>) {
    return {{"type", "integer"}};
  } else if constexpr (std::floating_point<T>) {
    return {{"type", "number"}};
  } else if constexpr (std::same_as<T, Time>) {
    return {{"type", "string"}, {"format", "date-time"}};
  } else if constexpr (std::same_as<T, json::object> || detail::own_json<T>) {
    return {{"type", "object"}};
  } else if constexpr (std::same_as<T, json::value>) {
    return {};
  } else if constexpr (std::convertible_to<const T&, std::string_view> || detail::is_id_type<T>) {
    return {{"type", "string"}};
  } else if constexpr (detail::is_optional<T>) {
    return schema_of<typename T::value_type>();
  } else if constexpr (detail::is_vector<T>) {
    return {{"type", "array"}, {"items", schema_of<typename T::value_type>()}};
  } else if constexpr (detail::is_string_map<T>) {
    return {{"type", "object"}, {"additionalProperties", schema_of<typename T::mapped_type>()}};
  } else {
    static_assert(detail::described_struct<T>, "describe the struct with BOOST_DESCRIBE_STRUCT");
    json::object properties;
    json::array required;
    boost::mp11::mp_for_each<detail::Members<T>>([&](auto d) {
      using Member = std::remove_cvref_t<decltype(std::declval<T>().*d.pointer)>;
      properties[d.name] = schema_of<Member>();
      if constexpr (!detail::is_optional<Member>) required.emplace_back(d.name);
    });
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(required)}};
  }
}

/// A part of a list, as every list answers.
[[nodiscard]] inline json::object page_of(json::object item) {
  json::object items{{"type", "array"}, {"items", std::move(item)}};
  json::object next{{"type", "string"},
                    {"description", "pass it as `cursor` to go on; absent at the end"}};
  return {{"type", "object"},
          {"properties", json::object{{"items", std::move(items)}, {"next", std::move(next)}}},
          {"required", json::array{"items"}}};
}

}  // namespace sallyport::serve
