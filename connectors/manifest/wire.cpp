#include "connectors/manifest/wire.hpp"

#include "engine/http/socket.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::uint32_t header_limit_bytes = 64 * 1024;
constexpr std::uint64_t body_limit_bytes = 4 << 20;

/// `*.okta.com` is every name below okta.com, else the name itself.
bool is_of(std::string_view host, std::string_view pattern) {
  if (!pattern.starts_with("*.")) return http::same_name(host, pattern);
  const auto tail = pattern.substr(1);
  return host.size() > tail.size() && http::same_name(host.substr(host.size() - tail.size()), tail);
}

Result<http::Url> base_of(const std::string& name,
                          const EndpointSpec& endpoint,
                          const std::string& given,
                          const AddressGuard& guard) {
  const auto option = name == "api" ? std::string{"base_url"} : "endpoints." + name;
  const auto& text = given.empty() ? endpoint.url : given;
  if (text.empty())
    return fail(Errc::invalid_input, fmt::format("{}: the URL of the product is missing", option));
  auto url = http::parse_url(text);
  if (!url) return fail(Errc::invalid_input, fmt::format("{}: {}", option, url.error().detail));
  const auto& host = url->origin.host;
  if (url->target.contains('?'))
    return fail(Errc::invalid_input, fmt::format("{}: has a query", option));
  const bool own = endpoint.hosts.empty() ||
                   std::ranges::any_of(endpoint.hosts,
                                       [&](const auto& pattern) { return is_of(host, pattern); });
  if (guard.names(host)) return url;
  if (!own)
    return fail(
        Errc::invalid_input,
        fmt::format("{}: '{:.100}' is none of the product's hosts ({}); name it under `allow` "
                    "if it is meant",
                    option,
                    host,
                    fmt::join(endpoint.hosts, ", ")));
  if (!url->origin.tls)
    return fail(Errc::invalid_input,
                fmt::format("{}: without https the credentials would be seen; name '{:.100}' under "
                            "`allow` if it is meant",
                            option,
                            host));
  return url;
}

Result<std::optional<http::Endpoint>> proxy_of(const std::string& text) {
  if (text.empty()) return std::optional<http::Endpoint>{};
  const auto url = http::parse_url(text);
  if (!url || url->origin.tls || url->target != "/")
    return fail(Errc::invalid_input, "proxy: is written http://host:port");
  return std::optional{http::Endpoint{.host = url->origin.host, .port = url->origin.port}};
}

http::Pool::Connect connector(asio::any_io_executor executor,
                              std::shared_ptr<http::TlsContext> tls,
                              AddressGuard guard,
                              std::optional<http::Endpoint> proxy,
                              std::shared_ptr<KnownPlaces> places) {
  return [=](http::Origin origin) -> Task<std::unique_ptr<http::Transport>> {
    http::Route route{.may_connect =
                          [=](const asio::ip::address& address) {
                            auto allowed =
                                guard.may_connect(proxy ? proxy->host : origin.host, address);
                            if (allowed) places->add(Network::of(address));
                            return allowed;
                          },
                      .proxy = proxy};
    // Behind a proxy the name is not resolved here; what is no name is asked about all the same.
    const auto asked = proxy ? guard.may_ask_for(origin.host) : Result<>{};
    if (!asked) co_return std::unexpected{asked.error()};
    co_return co_await http::connect(executor,
                                     {.host = origin.host, .port = origin.port},
                                     origin.tls ? tls : nullptr,
                                     std::move(route));
  };
}

}  // namespace

Wire::Wire(std::map<std::string, http::Url> bases,
           const std::vector<LimitSpec>& limits,
           std::uint32_t concurrency,
           http::Pool::Connect connect)
    : bases_{std::move(bases)},
      pace_{limits},
      client_{std::move(connect),
              {.connections_per_origin = concurrency, .idle_per_origin = concurrency}} {}

Result<std::unique_ptr<Wire>> Wire::make(const Plan& plan,
                                         const Config& config,
                                         std::shared_ptr<KnownPlaces> places,
                                         asio::any_io_executor executor) {
  const auto guard = AddressGuard::make(config.allow);
  if (!guard) return std::unexpected{guard.error()};
  for (const auto& limit : config.limits)
    if (const auto fault = fault_of(limit); !fault.empty())
      return fail(Errc::invalid_input, "limits: " + fault);
  if (config.concurrency != 0)
    if (const auto fault = fault_of_concurrency(config.concurrency); !fault.empty())
      return fail(Errc::invalid_input, "concurrency: " + fault);
  std::map<std::string, http::Url> bases;
  for (const auto& [name, given] : config.endpoints) {
    if (!plan.endpoints.contains(name) || name == "api")
      return fail(Errc::invalid_input,
                  fmt::format("endpoints.{}: there is no such endpoint", name));
  }
  for (const auto& [name, endpoint] : plan.endpoints) {
    const auto found = config.endpoints.find(name);
    const auto given = name == "api"                     ? config.base_url
                       : found != config.endpoints.end() ? found->second
                                                         : std::string{};
    auto url = base_of(name, endpoint, given, *guard);
    if (!url) return std::unexpected{url.error()};
    places->add_host(url->origin.host);
    bases.emplace(name, *std::move(url));
  }
  if (plan.auth.kind == AuthKind::mtls && config.certificate.empty())
    return fail(Errc::invalid_input, "certificate: the product asks for a client certificate");
  auto tls = http::TlsContext::client(
      {.ca_file = config.ca, .certificate_file = config.certificate, .key_file = config.key});
  if (!tls) return std::unexpected{tls.error()};
  auto proxy = proxy_of(config.proxy);
  if (!proxy) return std::unexpected{proxy.error()};
  if (*proxy) places->add_host((*proxy)->host);
  auto connect =
      connector(std::move(executor), *std::move(tls), *guard, *std::move(proxy), std::move(places));
  return std::unique_ptr<Wire>{
      new Wire{std::move(bases),
               config.limits.empty() ? plan.limits : config.limits,
               config.concurrency == 0 ? plan.concurrency : config.concurrency,
               std::move(connect)}};
}

Task<Exchange> Wire::exchange(std::string endpoint,
                              http::Request request,
                              std::chrono::milliseconds timeout,
                              Deadline deadline) {
  const auto now = Pace::Clock::now();
  const auto at = pace_.book(now, deadline.at());
  if (!at) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(pace_.held_until() - now);
    co_return fail(Errc::unavailable,
                   wait.count() > 0
                       ? fmt::format("the product asked for a pause of {} s more", wait.count())
                       : std::string{"the product's rate limit leaves no room in time"});
  }
  if (*at > now) {
    asio::steady_timer turn{co_await asio::this_coro::executor, *at};
    co_await turn.async_wait(asio::use_awaitable);
  }
  Exchange exchange;
  http::Call call{.origin = base(endpoint).origin,
                  .request = std::move(request),
                  .header_limit_bytes = header_limit_bytes,
                  .body_limit_bytes = body_limit_bytes,
                  .on_sending = [&exchange] { exchange.sent = true; }};
  exchange.answer = co_await client_.send(std::move(call), deadline.tightened_to(timeout));
  co_return exchange;
}

}  // namespace sallyport::connectors::manifest
