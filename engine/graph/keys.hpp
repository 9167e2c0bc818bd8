#pragma once

#include "engine/base/result.hpp"
#include "engine/base/time.hpp"
#include "engine/model/alert.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// How the graph's tables are keyed.
///
///   entities   tenant, kind, value, s<inverted time>, tag    -> Sighting
///              tenant, kind, value, a<inverted time>, action -> verb
///   relations  tenant, kind, value, <inverted day>, kind of the other, its value -> its value
///
/// Parts are joined with '\0'. Times are inverted so that an ascending scan meets the newest first.
namespace sallyport::graph {

/// tenant, kind, value and a '\0'. Host, user and mail names compare without case; a value that is
/// long or holds a '\0' is replaced by its hash.
[[nodiscard]] std::string entity_key(std::string_view tenant, const model::Entity& entity);

[[nodiscard]] std::string sighting_key(std::string_view entity_key, Time at, std::uint64_t tag);
[[nodiscard]] std::string action_key(std::string_view entity_key, Time at, std::string_view action);
[[nodiscard]] std::string relation_key(std::string_view entity_key,
                                       std::uint32_t day,
                                       const model::Entity& other);

/// What stands behind the entity's part of a sighting's key. Errors: corrupt.
[[nodiscard]] Result<std::pair<Time, std::uint64_t>> parse_sighting_key(std::string_view rest);
/// Time and action id. Errors: corrupt.
[[nodiscard]] Result<std::pair<Time, std::string>> parse_action_key(std::string_view rest);
/// The kind of the other entity. Errors: corrupt.
[[nodiscard]] Result<std::string> parse_relation_key(std::string_view rest);

/// The day of a relation, as day_of() counts them. Errors: corrupt.
[[nodiscard]] Result<std::uint32_t> parse_relation_day(std::string_view rest);

[[nodiscard]] std::uint32_t day_of(Time at);

}  // namespace sallyport::graph
