#pragma once

#include "engine/act/planned.hpp"

#include <functional>

namespace sallyport::connectors::manifest {

using act::Planned;
using act::Sent;

/// Told of each request that was sent, on the executor that sends.
using Witness = std::function<void(const Sent& request)>;

}  // namespace sallyport::connectors::manifest
