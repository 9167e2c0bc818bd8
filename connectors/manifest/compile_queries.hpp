#pragma once

#include "connectors/manifest/compile_steps.hpp"

#include <array>
#include <map>
#include <string>
#include <string_view>

namespace sallyport::connectors::manifest {

/// What alerts speak of (model::Entity::kind).
inline constexpr std::array<std::string_view, 9> entity_kinds{
    "host", "user", "ip", "domain", "url", "file", "hash", "process", "email"};

/// Compiles `queries`: what is asked of the product about an entity, and what evidence comes of it.
[[nodiscard]] std::map<std::string, QueryPlan, std::less<>> compile_queries(
    const Compilation& compilation);

}  // namespace sallyport::connectors::manifest
