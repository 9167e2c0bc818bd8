#pragma once

#include "engine/base/result.hpp"
#include "engine/base/time.hpp"
#include "engine/http/message.hpp"

#include <string>
#include <string_view>

namespace sallyport::connectors::manifest {

/// Who signs, and for which service where.
struct AwsScope {
  std::string_view region;
  std::string_view service;
  std::string_view access_key;
  std::string_view secret_key;
};

/// Signs `request` for `host` (as the header Host has it) at `now`, by AWS Signature Version 4:
/// adds X-Amz-Date and Authorization. Signed are Host, Content-Type, and every header X-Amz-*.
/// Errors: invalid_input (a target that cannot be read).
[[nodiscard]] Result<> sign_v4(http::Request& request,
                               std::string_view host,
                               const AwsScope& scope,
                               Time now);

}  // namespace sallyport::connectors::manifest
