#include "engine/reason/schema.hpp"

namespace sallyport::reason::schema {

json::object text() {
  return {{"type", "string"}};
}

json::object truth() {
  return {{"type", "boolean"}};
}

json::object one_of(std::initializer_list<std::string_view> names) {
  json::array values(names.begin(), names.end());
  return {{"type", "string"}, {"enum", std::move(values)}};
}

json::object list(json::object items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

json::object object(std::initializer_list<std::pair<std::string_view, json::object>> properties) {
  json::object members;
  json::array names;
  for (const auto& [name, value] : properties) {
    members[name] = value;
    names.emplace_back(name);
  }
  return {{"type", "object"},
          {"properties", std::move(members)},
          {"required", std::move(names)},
          {"additionalProperties", false}};
}

}  // namespace sallyport::reason::schema
