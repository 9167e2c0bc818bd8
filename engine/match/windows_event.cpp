#include "engine/match/windows_event.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <string>
#include <utility>

namespace sallyport::match {

namespace {

/// The child of an object, if it is one and has it.
const json::value* find(const json::value* value, std::string_view name) {
  const auto* object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

/// The text of an element that is an object because the XML had attributes.
const json::value* text_of(const json::value& element) {
  for (const std::string_view name : {"#text", "_text", "$t"})
    if (const auto* text = find(&element, name)) return text;
  return nullptr;
}

const json::value* attribute(const json::value& element, std::string_view name) {
  if (const auto* value = find(find(&element, "#attributes"), name)) return value;
  return find(&element, '@' + std::string{name});
}

}  // namespace

EventRecord::EventRecord(const json::value& root) : json_{root} {
  const auto* event = find(&root, "Event");
  const auto* system = find(event, "System");
  if (system == nullptr || !system->is_object()) return;

  // What says which kind of event this is comes first: no field of the event's data can hide it.
  for (const std::string_view name : {"EventID", "Channel", "Computer"})
    if (const auto* element = find(system, name)) add_element(name, *element);
  if (const auto* provider = find(system, "Provider")) {
    if (const auto* name = attribute(*provider, "Name")) add("Provider_Name", *name);
  }
  const auto* data = find(event, "EventData");
  if (data != nullptr && data->is_array()) {
    add_data(*data);
  } else {
    add_elements(data);
  }
  if (const auto* user = find(event, "UserData"); user != nullptr && user->is_object()) {
    for (const auto& [name, element] : user->get_object()) add_elements(&element);
    add_elements(user);
  }
  add_elements(system);
}

bool EventRecord::visit(const FieldPath& path, const Visitor& visitor) const {
  if (json_.visit(path, visitor)) return true;
  const auto found = flat_.find(path.whole);
  if (found == flat_.end()) return false;
  for (const auto* value : found->second)
    if (!visit_scalars(*value, visitor)) break;
  return true;
}

void EventRecord::add(std::string_view name, const json::value& value) {
  std::string key{name};
  flat_.try_emplace(key, Values{&value});
  if (std::erase(key, ' ') > 0) flat_.try_emplace(std::move(key), Values{&value});
}

void EventRecord::add_element(std::string_view name, const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) {
    add(name, value);
    return;
  }
  if (const auto* text = text_of(value)) add(name, *text);
  const auto prefix = std::string{name} + '_';
  for (const auto& [key, item] : *object) {
    const auto attribute_name = std::string_view{key};
    if (attribute_name == "#attributes" && item.is_object()) {
      for (const auto& [inner, inner_value] : item.get_object())
        add(prefix + std::string{std::string_view{inner}}, inner_value);
    } else if (attribute_name.starts_with('@')) {
      add(prefix + std::string{attribute_name.substr(1)}, item);
    }
  }
}

void EventRecord::add_elements(const json::value* parent) {
  const auto* object = parent == nullptr ? nullptr : parent->if_object();
  if (object == nullptr) return;
  for (const auto& [key, item] : *object) {
    const auto name = std::string_view{key};
    if (name.starts_with('#') || name.starts_with('@')) continue;
    if (name == "Data") {
      add_data(item);
    } else {
      add_element(name, item);
    }
  }
}

void EventRecord::add_data(const json::value& data) {
  const auto one = [this](const json::value& element) {
    const auto* name = element.is_object() ? attribute(element, "Name") : nullptr;
    const auto* text = text_of(element);
    if (name == nullptr || !name->is_string()) {
      flat_["Data"].push_back(text == nullptr ? &element : text);
    } else if (text != nullptr) {
      add(std::string_view{name->get_string()}, *text);
    } else {
      static const json::value empty{""};
      add(std::string_view{name->get_string()}, empty);
    }
  };
  if (const auto* list = data.if_array()) {
    for (const auto& element : *list) one(element);
  } else {
    one(data);
  }
}

}  // namespace sallyport::match
