#include "engine/http/router.hpp"

#include "engine/http/problem.hpp"

#include <algorithm>
#include <stdexcept>

namespace sallyport::http {

namespace {

bool is_name(std::string_view segment) {
  return segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}');
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return std::ranges::equal(pattern, path, [](const auto& want, const auto& found) {
    return is_name(want) ? !found.empty() : want == found;
  });
}

/// The same paths and methods.
bool same_shape(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::equal(a, b, [](const auto& left, const auto& right) {
    return left == right || (is_name(left) && is_name(right));
  });
}

}  // namespace

const std::string& RoutedRequest::parameter(std::string_view name) const {
  const auto found =
      std::ranges::find(parameters, name, [](const auto& pair) { return pair.first; });
  if (found == parameters.end()) throw std::logic_error{"the route has no such parameter"};
  return found->second;
}

void Router::add(std::string method, std::string_view pattern, RouteHandler handler) {
  if (!pattern.starts_with('/')) throw std::logic_error{"a pattern begins with a slash"};
  Route route{.method = std::move(method), .pattern = {}, .handler = std::move(handler)};
  for (pattern.remove_prefix(1);;) {
    const auto slash = pattern.find('/');
    route.pattern.emplace_back(pattern.substr(0, slash));
    if (slash == std::string_view::npos) break;
    pattern.remove_prefix(slash + 1);
  }
  if (route.pattern == std::vector<std::string>{""}) route.pattern.clear();
  if (std::ranges::any_of(routes_, [&](const Route& other) {
        return other.method == route.method && same_shape(other.pattern, route.pattern);
      }))
    throw std::logic_error{"a route is there twice"};
  // Among patterns that match one path, the one whose own segments come first is found first.
  const auto by_literal = [](const Route& a, const Route& b) {
    return std::ranges::lexicographical_compare(a.pattern, b.pattern, {}, is_name, is_name);
  };
  routes_.insert(std::ranges::upper_bound(routes_, route, by_literal), std::move(route));
}

Task<Response> Router::handle(Request request, ConnectionInfo connection) const {
  auto target = parse_target(request.target);
  if (!target) {
    const Problem problem{.status = 400, .detail = target.error().detail};
    co_return to_response(problem);
  }
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  std::string allowed;
  const Route* found = nullptr;
  for (const auto& route : routes_) {
    if (!matches(route.pattern, target->segments)) continue;
    if (route.method == method) {
      found = &route;
      break;
    }
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (!found) {
    const Problem problem{.status = allowed.empty() ? 404 : 405, .detail = {}};
    auto response = to_response(problem);
    if (!allowed.empty()) response.headers.emplace_back("Allow", std::move(allowed));
    co_return response;
  }
  RoutedRequest routed{.request = std::move(request),
                       .connection = std::move(connection),
                       .parameters = {},
                       .query = std::move(target->query)};
  for (std::size_t i = 0; i < found->pattern.size(); ++i) {
    const std::string_view name = found->pattern[i];
    if (is_name(name))
      routed.parameters.emplace_back(name.substr(1, name.size() - 2),
                                     std::move(target->segments[i]));
  }
  co_return co_await found->handler(std::move(routed));
}

}  // namespace sallyport::http
