#pragma once

#include "engine/act/product.hpp"
#include "engine/base/fault.hpp"
#include "engine/base/json.hpp"
#include "engine/config/settings.hpp"

#include <optional>
#include <string>

namespace sallyport::app {

/// What one product is burdened with, by `actions:` of the settings.
[[nodiscard]] act::ProductLimits product_limits(const config::ActionSettings& settings);

/// The same for a connector whose entry has an `actions:` of its own: what stands there, the rest
/// as for all. Empty: it has none, or a faulty one; `pointer` is the entry's.
[[nodiscard]] std::optional<act::ProductLimits> own_limits(const json::object& entry,
                                                           const config::ActionSettings& settings,
                                                           const std::string& pointer,
                                                           Faults& faults);

}  // namespace sallyport::app
