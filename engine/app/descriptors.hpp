#pragma once

#include "engine/config/settings.hpp"

#include <cstdint>

namespace sallyport::app {

/// How many files and connections an engine with `settings` can come to have open at once.
[[nodiscard]] std::uint64_t descriptors_wanted(const config::Settings& settings);

/// Lets this process have as many open as the system allows it (the soft limit becomes the hard
/// one: services often begin with 1,024). Returns how many that are.
std::uint64_t raise_descriptor_limit();

}  // namespace sallyport::app
