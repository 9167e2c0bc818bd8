#pragma once

#include "engine/http/connection.hpp"
#include "engine/http/message.hpp"
#include "engine/http/url.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::http {

/// A request as the handler of a route sees it, decoded.
struct RoutedRequest {
  Request request;
  ConnectionInfo connection;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< `{id}` -> what stood there.
  Query query;

  /// The part of the path that the pattern calls `name`. Requires that it does.
  [[nodiscard]] const std::string& parameter(std::string_view name) const;
};

using RouteHandler = std::function<Task<Response>(RoutedRequest)>;

/// Finds the handler of a request by method and path.
///
/// A pattern is a path whose segments may be `{name}`: `/v1/approvals/{id}/approve`. A segment
/// that stands for itself goes before one that is a name. HEAD is answered by the handler of GET.
/// Immutable once it serves; then thread-safe.
class Router {
 public:
  /// Throws std::logic_error for a pattern that does not begin with a slash or is there already.
  void add(std::string method, std::string_view pattern, RouteHandler handler);

  /// The answer of the route; 400 for a target that is none, 404, or 405 with Allow.
  Task<Response> handle(Request request, ConnectionInfo connection) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> pattern;
    RouteHandler handler;
  };

  std::vector<Route> routes_;
};

}  // namespace sallyport::http
