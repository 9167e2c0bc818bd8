#include "connectors/taxii/collection.hpp"

#include "connectors/local/stix_indicator.hpp"

#include <array>

namespace sallyport::connectors::taxii {

namespace {

constexpr std::string_view place_of_time = "x_sallyport_added_after";

std::string text_in(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : std::string{};
}

/// What of an indicator the engine reads.
json::object without_the_rest(const json::object& object) {
  json::object kept;
  for (const auto* key : {"type",
                          "id",
                          "modified",
                          "pattern",
                          "pattern_type",
                          "valid_until",
                          "confidence",
                          "indicator_types"})
    if (const auto* value = object.if_contains(key)) kept.emplace(key, *value);
  return kept;
}

/// Whether the lists would take it: one faulty object must not keep the others out.
bool is_usable(const json::object& object) {
  const auto indicators = local::stix_indicators(object, {.value = {}});
  if (!indicators || indicators->empty()) return false;
  local::IndicatorSet trial;
  for (const auto& indicator : *indicators)
    if (!trial.add(indicator, "trial")) return false;
  return true;
}

bool is_revoked(const json::object& object) {
  const auto* revoked = object.if_contains("revoked");
  return revoked && revoked->is_bool() && revoked->get_bool();
}

}  // namespace

Result<Collection> Collection::read(std::string_view text, std::size_t most) {
  const auto root = parse_json(text);
  const auto* bundle = root ? root->if_object() : nullptr;
  const auto* objects = bundle ? bundle->if_contains("objects") : nullptr;
  if (!objects || !objects->is_array())
    return fail(Errc::corrupt, root ? "is no STIX bundle" : root.error().detail);
  Collection collection{most};
  collection.take(objects->get_array());
  collection.added_after_ = text_in(*bundle, place_of_time);
  return collection;
}

std::string Collection::text() const {
  json::array objects;
  objects.reserve(turns_.size());
  for (const auto& [turn, id] : turns_) objects.push_back(objects_.find(id)->second.object);
  json::object bundle{{"type", "bundle"}, {place_of_time, added_after_}};
  bundle["objects"] = std::move(objects);
  return to_json(bundle);
}

Collection::Taken Collection::take(const json::array& objects) {
  Taken taken;
  for (const auto& value : objects) {
    const auto* object = value.if_object();
    auto id = object ? text_in(*object, "id") : std::string{};
    if (!object || !id.starts_with("indicator--")) {
      ++taken.unused;
      continue;
    }
    auto modified = text_in(*object, "modified");
    const auto known = objects_.find(id);
    if (known != objects_.end() && modified <= known->second.modified) continue;
    if (known != objects_.end()) {
      turns_.erase(known->second.turn);
      objects_.erase(known);
    }
    if (is_revoked(*object)) {
      ++taken.gone;
      continue;
    }
    if (!is_usable(*object)) {
      ++taken.unused;
      continue;
    }
    ++taken.kept;
    turns_.emplace(next_turn_, id);
    objects_.emplace(std::move(id),
                     Entry{.modified = std::move(modified),
                           .turn = next_turn_++,
                           .object = without_the_rest(*object)});
    if (objects_.size() <= most_) continue;
    const auto oldest = turns_.begin();
    objects_.erase(oldest->second);
    turns_.erase(oldest);
  }
  return taken;
}

std::size_t Collection::expire(Time now) {
  return std::erase_if(objects_, [&](const auto& entry) {
    const auto until = parse_rfc3339(text_in(entry.second.object, "valid_until"));
    if (!until || *until > now) return false;
    turns_.erase(entry.second.turn);
    return true;
  });
}

}  // namespace sallyport::connectors::taxii
