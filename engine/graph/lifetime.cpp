#include "engine/graph/lifetime.hpp"

#include "engine/graph/keys.hpp"

namespace sallyport::graph {

namespace {

/// What stands behind tenant, kind and value; empty: the key has no such parts.
std::string_view behind_entity(std::string_view key) {
  for (int part = 0; part < 3; ++part) {
    const auto end = key.find('\0');
    if (end == std::string_view::npos) return {};
    key.remove_prefix(end + 1);
  }
  return key;
}

}  // namespace

bool older_than(Time before, store::Table table, std::string_view key) {
  const auto rest = behind_entity(key);
  if (table == store::Table::relations) {
    const auto day = parse_relation_day(rest);
    return day && *day < day_of(before);
  }
  if (table != store::Table::entities) return false;
  if (rest.starts_with('s')) {
    const auto sighting = parse_sighting_key(rest);
    return sighting && sighting->first < before;
  }
  if (rest.starts_with('a')) {
    const auto action = parse_action_key(rest);
    return action && action->first < before;
  }
  return false;
}

}  // namespace sallyport::graph
