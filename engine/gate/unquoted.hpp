#pragma once

#include "engine/base/json.hpp"

#include <string>

namespace sallyport::gate {

/// Finds, in a detection block, the numbers with a fraction that stand where a text is compared:
/// YAML reads `startswith: 10.` as 10, which 100.1.2.3 begins with too, and `endswith: .1` as 0.1,
/// which no address ends with. What was written is lost by then, so it is a fault to be mended with
/// quotes. Appends an error for each.
void check_quotes(const json::value& block, const std::string& at, Faults& faults);

}  // namespace sallyport::gate
