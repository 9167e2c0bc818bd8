#pragma once

#include "engine/config/settings.hpp"
#include "engine/investigate/step.hpp"

namespace sallyport::app {

/// The budgets of investigations, as the settings say.
[[nodiscard]] investigate::Budgets budgets_of(const config::InvestigationSettings& settings);

}  // namespace sallyport::app
