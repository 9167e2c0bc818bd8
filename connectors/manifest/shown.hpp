#pragma once

#include "connectors/manifest/plan.hpp"
#include "connectors/manifest/sent.hpp"
#include "engine/http/message.hpp"
#include "engine/http/url.hpp"

#include <string>
#include <vector>

namespace sallyport::connectors::manifest {

/// `text` with `***` in place of each of `hidden`, also as it is written in a path or a form and in
/// JSON. Very short ones are left: they would be found in any text.
[[nodiscard]] std::string without(std::string text, const std::vector<std::string>& hidden);

/// `request` to `origin` for people: none of `hidden`, and nothing of a header that carries a
/// credential but its scheme.
[[nodiscard]] Sent shown(http::Request request,
                         const http::Origin& origin,
                         const AuthPlan& auth,
                         const std::vector<std::string>& hidden);

}  // namespace sallyport::connectors::manifest
