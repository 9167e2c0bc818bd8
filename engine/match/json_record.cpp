#include "engine/match/json_record.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <optional>
#include <span>
#include <vector>

namespace sallyport::match {

namespace {

std::optional<Scalar> scalar_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return nullptr;
    case json::kind::bool_:
      return value.get_bool();
    case json::kind::int64:
      return value.get_int64();
    case json::kind::uint64:
      return value.get_uint64();
    case json::kind::double_:
      return value.get_double();
    case json::kind::string:
      return std::string_view{value.get_string().data(), value.get_string().size()};
    case json::kind::array:
    case json::kind::object:
      return std::nullopt;
  }
  return std::nullopt;
}

struct Walk {
  const Visitor& visitor;
  bool found = false;

  /// False: the visitor wants no more.
  bool into(const json::value& value, std::span<const std::string> parts) {
    if (parts.empty()) {
      found = true;
      return visit_scalars(value, visitor);
    }
    if (const auto* object = value.if_object()) {
      const auto* next = object->if_contains(parts[0]);
      return next == nullptr || into(*next, parts.subspan(1));
    }
    if (const auto* array = value.if_array()) {
      for (const auto& item : *array)
        if (!into(item, parts)) return false;
    }
    return true;
  }
};

}  // namespace

bool visit_scalars(const json::value& value, const Visitor& visitor) {
  if (const auto scalar = scalar_of(value)) return visitor(*scalar);
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array)
      if (!visit_scalars(item, visitor)) return false;
  }
  return true;
}

bool JsonRecord::visit(const FieldPath& path, const Visitor& visitor) const {
  if (const auto* object = root_.if_object()) {
    if (const auto* value = object->if_contains(path.whole)) {
      visit_scalars(*value, visitor);
      return true;
    }
  }
  if (path.parts.size() < 2 && !root_.is_array()) return false;
  Walk walk{.visitor = visitor};
  walk.into(root_, path.parts);
  return walk.found;
}

void JsonRecord::visit_all(const Visitor& visitor) const {
  // An explicit stack: an event may nest deeper than the machine's.
  std::vector<const json::value*> open{&root_};
  while (!open.empty()) {
    const auto& value = *open.back();
    open.pop_back();
    if (const auto scalar = scalar_of(value)) {
      if (!visitor(*scalar)) return;
    } else if (const auto* array = value.if_array()) {
      for (const auto& item : *array) open.push_back(&item);
    } else {
      for (const auto& [key, item] : value.get_object()) open.push_back(&item);
    }
  }
}

}  // namespace sallyport::match
