#include "engine/ingest/mapping.hpp"

#include "engine/base/spelling.hpp"
#include "engine/ingest/entities.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace sallyport::ingest {

namespace {

/// Reads the parts of one mapping file; goes on after a fault, so that all are found at once.
class Compiler {
 public:
  Compiler(Mapping& mapping, Faults& faults) : mapping_{mapping}, faults_{faults} {}

  void document(const json::object& root) {
    known(root, "", {"source", "description", "order",       "product",     "unwrap",
                     "lists",  "recognise",   "json_fields", "dotted_keys", "keep_ocsf",
                     "tables", "uid",         "title",       "time",        "severity",
                     "status", "detection",   "attack",      "fields",      "entities"});
    mapping_.name = text(root, "source", "", true);
    if (mapping_.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") !=
        std::string::npos)
      fault("/source", "a source has a name of small letters, digits and underscores");
    mapping_.order = integer(root, "order", 100);
    context_.dotted_keys = boolean(root, "dotted_keys");
    mapping_.keep = boolean(root, "keep_ocsf");
    product(root);
    mapping_.unwrap = paths(root, "unwrap");
    mapping_.lists = paths(root, "lists");
    mapping_.parsed = paths(root, "json_fields");
    recognise(root);
    context_.parsed = mapping_.parsed;
    tables(root);
    mapping_.uid = expression(root, "uid", "");
    mapping_.title = expression(root, "title", "");
    if (!root.contains("title")) fault("", "title is missing: an alert without one is not used");
    mapping_.description = expression(root, "description", "");
    mapping_.time = expression(root, "time", "");
    if (!root.contains("time")) fault("", "time is missing: say where the alert tells it");
    mapping_.severity = expression(root, "severity", "");
    mapping_.status = expression(root, "status", "");
    detection(root);
    attack(root);
    fields(root);
    entities(root);
  }

 private:
  void fault(std::string_view pointer, std::string message) {
    faults_.push_back({.pointer = std::string{pointer}, .message = std::move(message)});
  }

  void known(const json::object& object,
             std::string_view pointer,
             std::initializer_list<std::string_view> keys) {
    for (const auto& [key, value] : object) {
      const std::string_view name{key.data(), key.size()};
      if (std::ranges::find(keys, name) == keys.end())
        fault(child(pointer, name),
              fmt::format("'{}' is not known here{}", name, suggestion(name, keys)));
    }
  }

  std::string text(const json::object& object,
                   std::string_view key,
                   std::string_view pointer,
                   bool required) {
    const auto* value = object.if_contains(key);
    if (value == nullptr) {
      if (required) fault(pointer, fmt::format("{} is missing", key));
      return {};
    }
    const auto* found = value->if_string();
    if (found == nullptr || found->empty()) {
      fault(child(pointer, key), "expected text");
      return {};
    }
    return std::string{std::string_view{*found}};
  }

  std::int64_t integer(const json::object& object, std::string_view key, std::int64_t otherwise) {
    const auto* value = object.if_contains(key);
    if (value == nullptr) return otherwise;
    if (!value->is_int64()) {
      fault(child("", key), "expected a whole number");
      return otherwise;
    }
    return value->get_int64();
  }

  bool boolean(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr) return false;
    if (!value->is_bool()) {
      fault(child("", key), "expected true or false");
      return false;
    }
    return value->get_bool();
  }

  const json::object* map(const json::object& object,
                          std::string_view key,
                          std::string_view pointer) {
    const auto* value = object.if_contains(key);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) fault(child(pointer, key), "expected a map");
    return value->if_object();
  }

  Expression expression(const json::object& object,
                        std::string_view key,
                        std::string_view pointer) {
    const auto* value = object.if_contains(key);
    if (value == nullptr) return {};
    return Expression::compile(*value, child(pointer, key), context_, faults_);
  }

  std::vector<Path> paths(const json::object& object,
                          std::string_view key,
                          std::string_view pointer = "") {
    std::vector<Path> made;
    const auto* value = object.if_contains(key);
    if (value == nullptr) return made;
    const auto* list = value->if_array();
    if (list == nullptr) {
      fault(child(pointer, key), "expected a list of paths");
      return made;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto* item = (*list)[i].if_string();
      auto parsed =
          item ? Path::parse(std::string_view{*item}, context_.dotted_keys) : std::nullopt;
      if (parsed) {
        made.push_back(*std::move(parsed));
      } else {
        fault(child(child(pointer, key), i), "expected a path: keys with dots between them");
      }
    }
    return made;
  }

  void product(const json::object& root) {
    const auto* object = map(root, "product", "");
    if (object == nullptr) {
      if (!root.contains("product")) fault("", "product is missing: { name: ..., vendor: ... }");
      return;
    }
    known(*object, "/product", {"name", "vendor"});
    mapping_.product_name = text(*object, "name", "/product", true);
    mapping_.vendor_name = text(*object, "vendor", "/product", true);
  }

  void recognise(const json::object& root) {
    const auto* object = map(root, "recognise", "");
    if (object == nullptr) {
      if (!root.contains("recognise"))
        fault("", "recognise is missing: say which fields every alert of this source has");
      return;
    }
    known(*object, "/recognise", {"fields", "detection"});
    mapping_.required = paths(*object, "fields", "/recognise");
    if (const auto* block = object->if_contains("detection"))
      mapping_.detection = match::Detection::compile(*block, faults_, "/recognise/detection");
    if (mapping_.required.empty() && !object->contains("detection"))
      fault("/recognise", "give 'fields', 'detection' or both: else it would take every alert");
  }

  void tables(const json::object& root) {
    const auto* object = map(root, "tables", "");
    if (object == nullptr) return;
    for (const auto& [key, value] : *object) {
      const std::string name{key.data(), key.size()};
      context_.tables.emplace(name, read_table(value, child("/tables", name), faults_));
    }
  }

  void detection(const json::object& root) {
    const auto* object = map(root, "detection", "");
    if (object == nullptr) return;
    known(*object, "/detection", {"id", "name", "type"});
    mapping_.detection_id = expression(*object, "id", "/detection");
    mapping_.detection_name = expression(*object, "name", "/detection");
    if (!object->contains("type")) return;
    // The captions of OCSF analytic.type_id, which begin at 1.
    constexpr auto types = std::to_array<std::string_view>(
        {"rule", "behavioral", "statistical", "learning", "fingerprinting", "tagging"});
    const auto type = text(*object, "type", "/detection", false);
    const auto found = std::ranges::find(types, type);
    if (found == types.end()) {
      fault("/detection/type", fmt::format("expected one of {}", fmt::join(types, ", ")));
    } else {
      mapping_.detection_type = found - types.begin() + 1;
    }
  }

  void attack(const json::object& root) {
    const auto* object = map(root, "attack", "");
    if (object == nullptr) return;
    known(*object, "/attack", {"techniques", "tactics"});
    mapping_.techniques = expression(*object, "techniques", "/attack");
    mapping_.tactics = expression(*object, "tactics", "/attack");
  }

  void fields(const json::object& root) {
    const auto* object = map(root, "fields", "");
    if (object == nullptr) return;
    for (const auto& [key, value] : *object) {
      const std::string_view path{key.data(), key.size()};
      const auto at = child("/fields", path);
      const auto* field = find_ocsf_field(path);
      if (field == nullptr) {
        fault(at,
              fmt::format("'{}' is no attribute that a mapping fills{}; what has no place goes "
                          "under 'unmapped.'",
                          path,
                          suggestion(path, ocsf_field_paths())));
        continue;
      }
      mapping_.fields.push_back({.field = field,
                                 .path = split_ocsf_path(path),
                                 .from = Expression::compile(value, at, context_, faults_)});
    }
  }

  void entities(const json::object& root) {
    const auto* value = root.if_contains("entities");
    if (value == nullptr) return;
    const auto* list = value->if_array();
    if (list == nullptr) return fault("/entities", "expected a list");
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto at = child("/entities", i);
      const auto* object = (*list)[i].if_object();
      if (object == nullptr) {
        fault(at, "expected { kind, role, from } or { each, when, take }");
        continue;
      }
      EntityRule rule;
      if (object->contains("each") || object->contains("take")) {
        group(*object, at, rule);
      } else {
        take(*object, at, rule);
      }
      mapping_.entities.push_back(std::move(rule));
    }
  }

  void group(const json::object& object, std::string_view at, EntityRule& rule) {
    known(object, at, {"each", "when", "take"});
    const auto list = text(object, "each", at, true);
    rule.each = Path::parse(list, context_.dotted_keys);
    if (!rule.each) {
      fault(child(at, "each"), "expected the path of a list");
    } else {
      for (std::size_t n = 0; n < mapping_.parsed.size(); ++n)
        rule.each->reroot(mapping_.parsed[n], n + 1);
    }
    if (const auto* when = object.if_contains("when"))
      rule.when = match::Detection::compile(*when, faults_, child(at, "when"));
    const auto* items = object.if_contains("take");
    if (items == nullptr || !items->is_array())
      return fault(at, "take is missing: a list of { kind, role, from }");
    context_.in_each = true;
    for (std::size_t i = 0; i < items->get_array().size(); ++i) {
      const auto where = child(child(at, "take"), i);
      if (const auto* item = items->get_array()[i].if_object()) {
        take(*item, where, rule);
      } else {
        fault(where, "expected { kind, role, from }");
      }
    }
    context_.in_each = false;
  }

  void take(const json::object& object, std::string_view at, EntityRule& rule) {
    known(object, at, {"kind", "role", "grounded", "from"});
    EntityRule::Take made;
    made.kind = text(object, "kind", at, true);
    made.role = text(object, "role", at, true);
    if (!made.kind.empty() && !is_entity_kind(made.kind))
      fault(child(at, "kind"),
            "expected one of host, user, ip, domain, url, file, hash, process, email");
    if (!made.role.empty() && !is_entity_role(made.role))
      fault(child(at, "role"),
            "expected one of device, actor, src, dst, process, file, target, mentioned");
    if (const auto* said = object.if_contains("grounded")) {
      made.grounded = !said->is_bool() || said->get_bool();
      if (!said->is_bool()) fault(child(at, "grounded"), "expected true or false");
    }
    if (!object.contains("from")) fault(at, "from is missing");
    made.from = expression(object, "from", at);
    rule.take.push_back(std::move(made));
  }

  Mapping& mapping_;
  Faults& faults_;
  MappingContext context_;
};

}  // namespace

std::optional<Mapping> Mapping::compile(const json::value& document, Faults& faults) {
  const auto* root = document.if_object();
  if (root == nullptr) {
    faults.push_back({.pointer = "", .message = "expected a map: one mapping of a source"});
    return std::nullopt;
  }
  const auto before = faults.size();
  Mapping mapping;
  Compiler{mapping, faults}.document(*root);
  const auto failed = std::any_of(faults.begin() + static_cast<std::ptrdiff_t>(before),
                                  faults.end(),
                                  [](const Fault& fault) { return !fault.warning; });
  if (failed) return std::nullopt;
  return mapping;
}

}  // namespace sallyport::ingest
