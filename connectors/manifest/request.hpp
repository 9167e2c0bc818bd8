#pragma once

#include "connectors/manifest/plan.hpp"
#include "engine/http/message.hpp"
#include "engine/http/url.hpp"

namespace sallyport::connectors::manifest {

/// The request of `plan` below `base`, with the values of `facts`: each encoded for the place where
/// it stands. What has no value is left out of the query, the headers and the body.
/// Errors: invalid_input (a path segment without a value, a value that its place cannot hold).
[[nodiscard]] Result<http::Request> build(const RequestPlan& plan,
                                          const http::Url& base,
                                          const json::value& facts);

/// `target` with one more parameter of its query.
[[nodiscard]] std::string with_query(std::string target,
                                     std::string_view name,
                                     std::string_view value);

/// The same with the parameter instead of the one of that name that is there.
[[nodiscard]] Result<std::string> with_query_replaced(std::string_view target,
                                                      std::string_view name,
                                                      std::string_view value);

}  // namespace sallyport::connectors::manifest
