#pragma once

#include "engine/base/time.hpp"
#include "engine/http/router.hpp"
#include "engine/serve/access.hpp"
#include "engine/serve/alert_endpoints.hpp"
#include "engine/serve/endpoint.hpp"
#include "engine/serve/event_hub.hpp"
#include "engine/serve/idempotency.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace sallyport::serve {

/// What the engine's operators look at.
struct Probes {
  std::function<std::string()> metrics;  ///< Prometheus text; empty: no /metrics.
  std::function<Result<>()> ready;       ///< Empty: ready as soon as it listens.
  bool metrics_need_token = true;
  bool ready_needs_token = false;
};

struct ApiOptions {
  IntakeOptions intake;
  Probes probes;
  std::string version;
  std::chrono::hours idempotency_lifetime{24};  ///< How long an Idempotency-Key holds.
  std::function<Endpoints()> also;  ///< Endpoints that stand behind the same guard; may be empty.
  /// Told of every request that found its endpoint, for the metrics: operationId, status, time.
  std::function<void(std::string_view, int, std::chrono::steady_clock::duration)> answered;
};

/// Every endpoint behind its guard: who asks, may they, and was it asked before.
///
/// A token in a query is not looked at: it would end up in logs. Not thread-safe: used on the
/// server's executor. What it is given must outlive it.
class Api {
 public:
  Api(Backend& backend, Access access, EventHub& events, const Clock& clock, ApiOptions options);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  Task<http::Response> handle(http::Request request, http::ConnectionInfo connection);

  [[nodiscard]] const json::object& document() const noexcept { return document_; }

 private:
  [[nodiscard]] Endpoints endpoints(Backend& backend, EventHub& events);
  void add(Endpoint endpoint);
  Task<http::Response> guarded(const Endpoint& endpoint, http::RoutedRequest routed);
  /// The caller. Else the answer that says why not.
  [[nodiscard]] std::expected<Principal, http::Response> admit(const Endpoint& endpoint,
                                                               const http::Request& request) const;

  Access access_;
  ApiOptions options_;
  Idempotency idempotency_;
  json::object document_;
  http::Router router_;
};

}  // namespace sallyport::serve
