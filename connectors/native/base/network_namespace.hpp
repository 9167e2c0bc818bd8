#pragma once

#include "engine/base/result.hpp"

#include <functional>
#include <string>

namespace sallyport::connectors {

/// Runs `work` in the network namespace `name` (as `ip netns` lists it, or a path such as
/// /proc/1/ns/net) on a thread of its own, and waits for it; the caller's thread stays where it is.
/// An empty name: runs it here. Sockets that `work` opens stay in that namespace.
///
/// Errors: invalid_input (no such form), unavailable (no such namespace, or not permitted).
[[nodiscard]] Result<> in_network_namespace(const std::string& name,
                                            const std::function<void()>& work);

}  // namespace sallyport::connectors
