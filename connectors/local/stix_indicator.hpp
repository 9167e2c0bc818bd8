#pragma once

#include "connectors/local/indicators.hpp"
#include "engine/base/json.hpp"
#include "engine/base/result.hpp"

#include <vector>

namespace sallyport::connectors::local {

/// What a STIX 2.1 object says of observables that a list can hold; nothing, where it is no
/// indicator, is revoked, or says more than a list can. What it does not say itself is as in
/// `defaults`. Errors: invalid_input.
[[nodiscard]] Result<std::vector<Indicator>> stix_indicators(const json::object& object,
                                                             const Indicator& defaults);

}  // namespace sallyport::connectors::local
