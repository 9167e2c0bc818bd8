#pragma once

#include "engine/base/fault.hpp"
#include "engine/base/json.hpp"
#include "engine/base/time.hpp"
#include "engine/model/catalogue.hpp"

namespace sallyport::gate {

/// What is probably a mistake in a policy file that compiles: entries that can never match or match
/// everything, what has expired at `now`, private addresses that could be blocked by themselves, a
/// force_auto that reaches further than was meant. Appends warnings and nothing else.
void lint(const json::value& document, const model::Catalogue& catalogue, Time now, Faults& faults);

}  // namespace sallyport::gate
