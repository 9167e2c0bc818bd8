#include "engine/gate/request_record.hpp"

#include "engine/match/json_record.hpp"

#include <span>

namespace sallyport::gate {

namespace {

using Parts = std::span<const std::string>;
using Visitor = match::Record::Visitor;

bool walk(const json::value& value, Parts rest, const Visitor& visitor);

bool walk(const json::object& object, Parts rest, const Visitor& visitor) {
  const auto* found = object.if_contains(rest.front());
  return found != nullptr && walk(*found, rest.subspan(1), visitor);
}

bool walk(const json::value& value, Parts rest, const Visitor& visitor) {
  if (rest.empty()) {
    match::visit_scalars(value, visitor);
    return true;
  }
  if (const auto* object = value.if_object()) return walk(*object, rest, visitor);
  bool found = false;
  if (const auto* list = value.if_array()) {
    for (const auto& item : *list) found = walk(item, rest, visitor) || found;
  }
  return found;
}

void walk_all(const json::value& value, const Visitor& visitor) {
  if (const auto* object = value.if_object()) {
    for (const auto& item : *object) walk_all(item.value(), visitor);
  } else if (const auto* list = value.if_array()) {
    for (const auto& item : *list) walk_all(item, visitor);
  } else {
    match::visit_scalars(value, visitor);
  }
}

bool visit_one(const match::Scalar& scalar, const Visitor& visitor) {
  visitor(scalar);
  return true;
}

bool visit_tags(const model::Target& target, const Visitor& visitor) {
  for (const auto& tag : target.tags) {
    if (!visitor(std::string_view{tag})) break;
  }
  return !target.tags.empty();
}

bool visit_actor(const model::Actor& actor, Parts rest, const Visitor& visitor) {
  if (rest.empty()) return true;
  if (rest.size() > 1) return false;
  const auto& text = rest[0] == "kind" ? actor.kind : actor.id;
  return (rest[0] == "kind" || rest[0] == "id") && !text.empty() &&
         visit_one(std::string_view{text}, visitor);
}

}  // namespace

/// `target`, `requested_by`: parts of the request that have named parts themselves.
bool RequestRecord::visit_target(const match::FieldPath& path, const Visitor& visitor) const {
  const auto& target = request_.target;
  if (path.parts.size() == 1) return true;
  if (path.parts.size() > 2) return false;
  if (path.parts[1] == "value") return visit_one(value_, visitor);
  if (path.parts[1] == "kind") return visit_one(std::string_view{target.kind}, visitor);
  return path.parts[1] == "tags" && visit_tags(target, visitor);
}

bool RequestRecord::visit(const match::FieldPath& path, const Visitor& visitor) const {
  const auto& name = path.parts.front();
  const auto rest = Parts{path.parts}.subspan(1);
  if (name == "context") return rest.empty() || walk(request_.context, rest, visitor);
  if (name == "target") return visit_target(path, visitor);
  if (name == "parameters") return rest.empty() || walk(request_.parameters, rest, visitor);
  if (name == "requested_by") return visit_actor(request_.requested_by, rest, visitor);
  if (!rest.empty()) return false;
  if (name == "confidence")
    return request_.confidence.has_value() && visit_one(*request_.confidence, visitor);
  if (name == "action") return visit_one(std::string_view{request_.action}, visitor);
  if (name == "tenant") return visit_one(std::string_view{request_.tenant}, visitor);
  return name == "grounded" && visit_one(request_.grounded, visitor);
}

void RequestRecord::visit_all(const Visitor& visitor) const {
  for (const std::string_view text : {std::string_view{request_.tenant},
                                      std::string_view{request_.action},
                                      std::string_view{request_.target.kind},
                                      value_,
                                      std::string_view{request_.requested_by.kind},
                                      std::string_view{request_.requested_by.id}}) {
    if (!visitor(text)) return;
  }
  visit_tags(request_.target, visitor);
  for (const auto& item : request_.parameters) walk_all(item.value(), visitor);
  for (const auto& item : request_.context) walk_all(item.value(), visitor);
}

}  // namespace sallyport::gate
