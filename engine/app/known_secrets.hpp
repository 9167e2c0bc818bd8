#pragma once

#include "engine/base/scrubber.hpp"
#include "engine/config/settings.hpp"

namespace sallyport::app {

/// Takes out of what is recorded every secret that `settings` refer to, wherever in them. A
/// reference that leads nowhere is left to those who need it. Reads files and the environment.
[[nodiscard]] Scrubber scrubber_of(const config::Settings& settings);

}  // namespace sallyport::app
