#include "engine/serve/probe_endpoints.hpp"

namespace sallyport::serve {

namespace {

http::Response text(std::string body, int status = 200) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::move(body)};
}

Task<http::Response> say_alive(Asked) {
  co_return text("ok\n");
}

Task<http::Response> say_ready(std::function<Result<>()> ready, Asked) {
  const auto state = ready ? ready() : Result<>{};
  if (!state) co_return refuse(503, state.error().detail);
  co_return text("ready\n");
}

Task<http::Response> show_metrics(std::function<std::string()> metrics, Asked) {
  auto response = text(metrics());
  response.headers.front().second = "text/plain; version=0.0.4; charset=utf-8";
  co_return response;
}

Task<http::Response> open_stream(EventHub& events, Asked asked) {
  const auto* last = http::find(asked.routed.request.headers, "Last-Event-ID");
  auto source = events.listen(std::move(asked.principal), last ? *last : "");
  if (!source) co_return std::unexpected{source.error()};
  co_return http::Response{.status = 200,
                           .headers = {{"Content-Type", "text/event-stream"}},
                           .body = "retry: 2000\n\n",
                           .stream = *std::move(source)};
}

}  // namespace

Endpoints probe_endpoints(const Probes& probes) {
  const auto viewer_if = [](bool needed) {
    return needed ? std::optional{Role::viewer} : std::nullopt;
  };
  Endpoints all{
      {.method = "GET",
       .path = "/healthz",
       .id = "healthz",
       .summary = "The process answers",
       .role = std::nullopt,
       .query = {},
       .body = {},
       .answers = {{.description = "it does", .schema = {}, .content_type = "text/plain"}},
       .handle = say_alive},
      {.method = "GET",
       .path = "/readyz",
       .id = "readyz",
       .summary = "The engine takes in alerts",
       .role = viewer_if(probes.ready_needs_token),
       .query = {},
       .body = {},
       .answers = {{.description = "it does", .schema = {}, .content_type = "text/plain"},
                   {.status = 503, .description = "not now; `detail` says why", .schema = {}}},
       .handle = [ready = probes.ready](Asked asked) {
         return say_ready(ready, std::move(asked));
       }}};
  if (probes.metrics)
    all.push_back(
        {.method = "GET",
         .path = "/metrics",
         .id = "metrics",
         .summary = "Numbers in Prometheus' text format",
         .role = viewer_if(probes.metrics_need_token),
         .query = {},
         .body = {},
         .answers = {{.description = "the numbers", .schema = {}, .content_type = "text/plain"}},
         .handle = [metrics = probes.metrics](Asked asked) {
           return show_metrics(metrics, std::move(asked));
         }});
  return all;
}

Endpoints stream_endpoints(EventHub& events) {
  return {{.method = "GET",
           .path = "/v1/stream",
           .id = "stream",
           .summary = "What happens, as server-sent events: `verdict`; `action` (one waits for a "
                      "person, or came to rest); `notification`; `gap` when some were missed. "
                      "Last-Event-ID goes on after that event",
           .role = Role::viewer,
           .query = {},
           .body = {},
           .answers = {{.description = "events until the connection ends",
                        .schema = {},
                        .content_type = "text/event-stream"}},
           .handle = [&events](Asked asked) { return open_stream(events, std::move(asked)); }}};
}

}  // namespace sallyport::serve
