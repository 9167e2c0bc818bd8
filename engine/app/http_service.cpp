#include "engine/app/http_service.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <charconv>

namespace sallyport::app {

namespace {

Result<serve::Token> token_of(const config::TokenSettings& settings) {
  auto secret = resolve_secret(settings.secret);
  if (!secret) return std::unexpected{secret.error()};
  std::vector<serve::Role> roles;
  for (const auto& role : settings.roles) {
    const auto known = enum_of<serve::Role>(role);
    if (!known) return fail(Errc::invalid_input, fmt::format("no role {}", role));
    roles.push_back(*known);
  }
  return serve::Token{.name = settings.name,
                      .secret = *std::move(secret),
                      .tenants = {settings.tenant},
                      .roles = std::move(roles)};
}

/// `address:port`, `[address]:port`. Errors: invalid_input.
Result<> read_listen(const std::string& listen, http::ServerOptions& into) {
  const auto colon = listen.rfind(':');
  auto host = listen.substr(0, colon);
  const auto port = colon == std::string::npos ? std::string{} : listen.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code no_address;
  boost::asio::ip::make_address(host, no_address);
  const auto* last = port.data() + port.size();
  const auto [end, no_port] = std::from_chars(port.data(), last, into.port);
  if (no_address || no_port != std::errc{} || end != last) {
    return fail(Errc::invalid_input,
                fmt::format("'{}' is no address:port, e.g. 127.0.0.1:8080 or [::1]:8080", listen));
  }
  into.address = std::move(host);
  return {};
}

}  // namespace

serve::Access make_access(const config::HttpSettings& settings, Faults& faults) {
  serve::Access access;
  for (std::size_t i = 0; i < settings.tokens.size(); ++i) {
    auto token = token_of(settings.tokens[i]);
    const auto added = token ? access.add(*std::move(token)) : std::unexpected{token.error()};
    if (!added)
      faults.push_back({.pointer = child("/http/tokens", i), .message = added.error().detail});
  }
  return access;
}

http::ServerOptions make_server_options(const config::HttpSettings& settings, Faults& faults) {
  http::ServerOptions options;
  if (const auto read = read_listen(settings.listen, options); !read)
    faults.push_back({.pointer = "/http/listen", .message = read.error().detail});
  if (!settings.tls.certificate.empty()) {
    auto tls = http::TlsContext::server({.certificate_file = settings.tls.certificate,
                                         .key_file = settings.tls.key,
                                         .client_ca_file = {}});
    if (tls) {
      options.tls = *std::move(tls);
    } else {
      faults.push_back({.pointer = "/http/tls", .message = tls.error().detail});
    }
  }
  options.limits.connections = settings.max_connections;
  options.limits.header_bytes = settings.max_header_bytes;
  options.limits.body_bytes = settings.max_body_bytes;
  options.limits.body = std::chrono::seconds{settings.request_timeout_s};
  options.limits.idle = std::chrono::seconds{settings.idle_timeout_s};
  return options;
}

}  // namespace sallyport::app
