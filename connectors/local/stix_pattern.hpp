#pragma once

#include "engine/base/result.hpp"
#include "engine/model/alert.hpp"

#include <string_view>
#include <vector>

namespace sallyport::connectors::local {

/// The observables of a STIX 2.1 pattern that consists of equality (or IN, or ISSUBSET)
/// comparisons joined by OR: addresses, domains, URLs, mail addresses, file hashes, each as an
/// entity (a network as kind `ip` with its prefix length).
///
/// Errors: invalid_input for a pattern that is not well formed; not_found for one that asks for
/// more than a single observable (AND, FOLLOWEDBY, NOT, LIKE, MATCHES, other objects): no list
/// entry can say it.
[[nodiscard]] Result<std::vector<model::Entity>> observables_of(std::string_view pattern);

}  // namespace sallyport::connectors::local
