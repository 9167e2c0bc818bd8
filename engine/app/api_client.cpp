#include "engine/app/api_client.hpp"

#include "engine/http/client.hpp"
#include "engine/http/url.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace sallyport::app {

namespace {

constexpr std::uint32_t header_limit_bytes = 64U << 10U;
constexpr std::uint64_t body_limit_bytes = 256ULL << 20U;
constexpr std::chrono::seconds patience{60};

Errc code_of(int status) {
  switch (status) {
    case 404:
      return Errc::not_found;
    case 409:
    case 412:
      return Errc::conflict;
    case 410:
      return Errc::expired;
    case 401:
    case 403:
      return Errc::denied;
    case 429:
    case 502:
    case 503:
    case 504:
      return Errc::unavailable;
    default:
      return Errc::invalid_input;
  }
}

}  // namespace

void ApiOptions::add_to(Command command) {
  command.add_option("--url", url, "Where the engine listens, e.g. http://127.0.0.1:8080")
      .environment("SALLYPORT_URL");
  command
      .add_option(
          "--token", token, "Bearer token; better in the environment, where ps does not show it")
      .environment("SALLYPORT_TOKEN");
  command.add_option(
      "--ca", ca_file, "PEM file of the authority that signed the engine's certificate");
  command.add_flag("--json", json, "Print the API's JSON");
}

struct ApiClient::Impl {
  asio::io_context loop{1};
  http::Url base;
  std::string authorization;
  std::unique_ptr<http::Client> client;

  Result<http::Response> send(http::Request request) {
    request.headers.emplace_back("Authorization", authorization);
    request.headers.emplace_back("Accept", "application/json");
    http::Call call{.origin = base.origin,
                    .request = std::move(request),
                    .header_limit_bytes = header_limit_bytes,
                    .body_limit_bytes = body_limit_bytes};
    Result<http::Response> answer = fail(Errc::cancelled, "no answer");
    std::exception_ptr thrown;
    asio::co_spawn(loop,
                   client->send(std::move(call), Deadline::in(patience)),
                   [&](std::exception_ptr error, Result<http::Response> response) {
                     thrown = std::move(error);
                     answer = std::move(response);
                   });
    loop.restart();
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return answer;
  }

  Result<json::value> exchange(http::Request request) {
    auto response = send(std::move(request));
    if (!response) {
      return fail(Errc::unavailable,
                  fmt::format("{}:{} does not answer: {}",
                              base.origin.host,
                              base.origin.port,
                              response.error().detail));
    }
    auto body = parse_json(response->body.empty() ? "null" : response->body);
    if (response->status >= 400) {
      auto detail = body ? shown(*body, "detail") : std::string{};
      if (detail.empty()) detail = fmt::format("the engine answered {}", response->status);
      return fail(code_of(response->status), std::move(detail));
    }
    if (!body)
      return fail(Errc::unavailable, "the answer is no JSON: is this Sallyport's address?");
    return body;
  }

  [[nodiscard]] Result<std::string> target(const std::vector<std::string>& path,
                                           const Query& query) const {
    http::TargetBuilder builder{base.target == "/" ? "" : base.target};
    for (const auto& segment : path) builder.segment(segment);
    for (const auto& [name, value] : query) builder.query(name, value);
    return builder.text();
  }
};

Result<std::unique_ptr<ApiClient>> ApiClient::make(const ApiOptions& options) {
  if (options.url.empty())
    return fail(Errc::invalid_input, "say where the engine is: --url or SALLYPORT_URL");
  if (options.token.empty())
    return fail(Errc::invalid_input, "say who you are: --token or SALLYPORT_TOKEN");
  auto url = http::parse_url(options.url);
  if (!url) return std::unexpected{url.error()};
  std::shared_ptr<http::TlsContext> tls;
  if (url->origin.tls) {
    auto context = http::TlsContext::client({.ca_file = options.ca_file});
    if (!context) return std::unexpected{context.error()};
    tls = *std::move(context);
  }
  auto impl = std::make_unique<Impl>();
  impl->base = *std::move(url);
  impl->authorization = "Bearer " + options.token;
  impl->client =
      std::make_unique<http::Client>(impl->loop.get_executor(), std::move(tls), http::PoolLimits{});
  return std::unique_ptr<ApiClient>{new ApiClient{std::move(impl)}};
}

ApiClient::ApiClient(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

ApiClient::~ApiClient() = default;

Result<json::value> ApiClient::get(const std::vector<std::string>& path, const Query& query) {
  const auto target = impl_->target(path, query);
  if (!target) return std::unexpected{target.error()};
  return impl_->exchange({.method = "GET", .target = *target});
}

Result<json::value> ApiClient::post(const std::vector<std::string>& path,
                                    const json::value& body,
                                    const Query& query) {
  const auto target = impl_->target(path, query);
  if (!target) return std::unexpected{target.error()};
  return impl_->exchange({.method = "POST",
                          .target = *target,
                          .headers = {{"Content-Type", "application/json"}},
                          .body = to_json(body)});
}

Result<json::value> ApiClient::put(const std::vector<std::string>& path,
                                   const Query& query,
                                   std::string tag,
                                   std::string body) {
  const auto target = impl_->target(path, query);
  if (!target) return std::unexpected{target.error()};
  return impl_->exchange(
      {.method = "PUT",
       .target = *target,
       .headers = {{"Content-Type", "application/yaml"}, {"If-Match", fmt::format("\"{}\"", tag)}},
       .body = std::move(body)});
}

Result<json::array> ApiClient::list(const std::vector<std::string>& path,
                                    Query query,
                                    std::size_t limit) {
  json::array all;
  std::string cursor;
  while (all.size() < limit) {
    auto wanted = query;
    if (!cursor.empty()) wanted.emplace_back("cursor", cursor);
    wanted.emplace_back("limit", fmt::to_string(std::min<std::size_t>(limit - all.size(), 100)));
    const auto page = get(path, wanted);
    if (!page) return std::unexpected{page.error()};
    if (const auto* object = page->if_object()) {
      if (const auto* items = object->if_contains("items"); items && items->is_array())
        for (const auto& item : items->get_array()) all.push_back(item);
    }
    cursor = shown(*page, "next");
    if (cursor.empty()) break;
  }
  return all;
}

int report(const Error& error) {
  fmt::print(stderr, "{}\n", error.detail);
  const bool asked = error.code == Errc::not_found || error.code == Errc::conflict ||
                     error.code == Errc::denied || error.code == Errc::expired;
  return asked ? 1 : 2;
}

std::string shown(const json::value& document, std::string_view path) {
  const auto* at = &document;
  while (!path.empty()) {
    const auto dot = path.find('.');
    const auto* object = at->if_object();
    at = object ? object->if_contains(path.substr(0, dot)) : nullptr;
    if (!at) return {};
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  if (const auto* text = at->if_string()) return std::string{text->data(), text->size()};
  return at->is_null() ? std::string{} : to_json(*at);
}

}  // namespace sallyport::app
