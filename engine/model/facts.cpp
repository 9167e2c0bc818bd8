#include "engine/model/facts.hpp"

#include <cstring>

namespace sallyport::model {

namespace {

std::optional<Entity> entity_in(const json::object& tree) {
  const auto* about = tree.if_contains("entity");
  const auto* object = about ? about->if_object() : nullptr;
  const auto* kind = object ? object->if_contains("kind") : nullptr;
  const auto* value = object ? object->if_contains("value") : nullptr;
  if (!kind || !value || !kind->is_string() || !value->is_string()) return std::nullopt;
  return Entity{std::string{kind->get_string()}, std::string{value->get_string()}};
}

}  // namespace

Facts::Facts(const json::object& tree) : about_{entity_in(tree)} {
  if (!tree.empty()) text_ = to_json(tree);
}

std::string& Facts::empty_draft() {
  thread_local std::string draft;
  draft.clear();
  return draft;
}

bool Facts::mentions(std::string_view name) const {
  // Inside of a JSON string a quote is escaped, so this stands outside of them.
  std::string quoted;
  quoted.reserve(name.size() + 3);
  quoted.append("\"").append(name).append("\":");
  return ::memmem(text_.data(), text_.size(), quoted.data(), quoted.size()) != nullptr;
}

json::object Facts::tree(json::storage_ptr memory) const {
  if (!empty()) {
    auto parsed = parse_json(text_, memory);
    if (parsed && parsed->is_object()) return std::move(parsed->get_object());
  }
  return json::object{std::move(memory)};
}

void Facts::read_json(const json::value& value, Faults& faults, std::string_view pointer) {
  if (const auto* object = value.if_object()) {
    *this = Facts{*object};
  } else {
    detail::wrong_type(faults, pointer, "an object", value);
  }
}

}  // namespace sallyport::model
