#pragma once

#include "engine/base/json.hpp"

#include <initializer_list>
#include <string_view>
#include <utility>

/// The few words of JSON Schema that every provider can hold a model to: all properties required,
/// none beside them.
namespace sallyport::reason::schema {

[[nodiscard]] json::object text();
[[nodiscard]] json::object truth();
[[nodiscard]] json::object one_of(std::initializer_list<std::string_view> names);
[[nodiscard]] json::object list(json::object items);
[[nodiscard]] json::object object(
    std::initializer_list<std::pair<std::string_view, json::object>> properties);

}  // namespace sallyport::reason::schema
