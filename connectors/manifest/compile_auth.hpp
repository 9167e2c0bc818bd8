#pragma once

#include "connectors/manifest/scope.hpp"

#include <set>
#include <string>

namespace sallyport::connectors::manifest {

/// Compiles `auth`, the only place where secrets may stand; adds the secrets that it names to
/// `used`.
AuthPlan compile_auth(const ManifestSpec& spec,
                      Faults& faults,
                      std::set<std::string, std::less<>>& used);

}  // namespace sallyport::connectors::manifest
