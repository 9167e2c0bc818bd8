#include "engine/serve/api.hpp"

#include "engine/serve/action_endpoints.hpp"
#include "engine/serve/approval_endpoints.hpp"
#include "engine/serve/investigation_endpoints.hpp"
#include "engine/serve/openapi.hpp"
#include "engine/serve/policy_endpoints.hpp"
#include "engine/serve/probe_endpoints.hpp"
#include "engine/serve/record_endpoints.hpp"

#include <iterator>

namespace sallyport::serve {

namespace {

/// The token in an Authorization header; nothing when it is none.
std::optional<std::string_view> bearer_of(const http::Request& request) {
  const auto* value = http::find(request.headers, "Authorization");
  if (!value) return std::nullopt;
  std::string_view text = *value;
  constexpr std::string_view scheme = "Bearer ";
  if (!http::same_name(text.substr(0, scheme.size()), scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  if (text.empty()) return std::nullopt;
  return text;
}

http::Response unauthorized(std::string detail) {
  auto response = refuse(401, std::move(detail));
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

void append(Endpoints& all, Endpoints more) {
  std::ranges::move(more, std::back_inserter(all));
}

}  // namespace

Api::Api(Backend& backend, Access access, EventHub& events, const Clock& clock, ApiOptions options)
    : access_{std::move(access)},
      options_{std::move(options)},
      idempotency_{backend, clock, options_.idempotency_lifetime} {
  auto all = endpoints(backend, events);
  document_ = openapi_document(all, options_.version);
  for (auto& endpoint : all) add(std::move(endpoint));
}

Endpoints Api::endpoints(Backend& backend, EventHub& events) {
  auto all = alert_endpoints(backend, options_.intake);
  append(all, investigation_endpoints(backend));
  append(all, approval_endpoints(backend));
  append(all, action_endpoints(backend));
  append(all, policy_endpoints(backend));
  append(all, record_endpoints(backend));
  if (options_.also) append(all, options_.also());
  append(all, stream_endpoints(events));
  append(all, probe_endpoints(options_.probes));
  all.push_back(
      {.method = "GET",
       .path = "/v1/openapi.json",
       .id = "showDocument",
       .summary = "This document",
       .role = Role::viewer,
       .query = {},
       .body = {},
       .answers = {{.description = "OpenAPI 3.1", .schema = {{"type", "object"}}}},
       .handle = [this](Asked) -> Task<http::Response> { co_return ok_json(document_); }});
  return all;
}

void Api::add(Endpoint endpoint) {
  auto method = endpoint.method;
  const auto path = endpoint.path;
  auto shared = std::make_shared<const Endpoint>(std::move(endpoint));
  router_.add(std::move(method), path, [this, shared](http::RoutedRequest routed) {
    return guarded(*shared, std::move(routed));
  });
}

Task<http::Response> Api::handle(http::Request request, http::ConnectionInfo connection) {
  return router_.handle(std::move(request), std::move(connection));
}

std::expected<Principal, http::Response> Api::admit(const Endpoint& endpoint,
                                                    const http::Request& request) const {
  if (!endpoint.role) return Principal{};
  if (access_.closed())
    return std::unexpected{unauthorized("no token is configured, so the API is closed")};
  const auto bearer = bearer_of(request);
  if (!bearer) return std::unexpected{unauthorized("a bearer token is needed")};
  auto principal = access_.who(*bearer);
  if (!principal) return std::unexpected{unauthorized("this token is not known")};
  if (!principal->may(*endpoint.role))
    return std::unexpected{
        refuse(403, "this needs the role " + std::string{name_of(*endpoint.role)})};
  return *std::move(principal);
}

Task<http::Response> Api::guarded(const Endpoint& endpoint, http::RoutedRequest routed) {
  const auto begun = std::chrono::steady_clock::now();
  Result<http::Response> answer = fail(Errc::cancelled, "");
  const bool once = endpoint.method == "POST" && endpoint.role;
  auto principal = admit(endpoint, routed.request);
  if (!principal) {
    answer = std::move(principal).error();
  } else {
    Asked asked{.routed = std::move(routed), .principal = *std::move(principal)};
    answer = once ? co_await idempotency_.once(endpoint.handle, std::move(asked))
                  : co_await endpoint.handle(std::move(asked));
  }
  auto response = answer ? *std::move(answer) : http::to_response(answer.error());
  response.headers.emplace_back("Cache-Control", "no-store");
  if (options_.answered)
    options_.answered(endpoint.id, response.status, std::chrono::steady_clock::now() - begun);
  co_return response;
}

}  // namespace sallyport::serve
