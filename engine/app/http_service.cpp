#include "engine/app/http_service.hpp"

#include <fmt/format.h>

#include <charconv>

namespace sallyport::app {

Result<serve::Access> make_access(const config::HttpSettings& settings) {
  std::vector<serve::Token> tokens;
  for (const auto& token : settings.tokens) {
    auto secret = resolve_secret(token.secret);
    if (!secret) {
      return fail(secret.error().code,
                  fmt::format("http token {}: {}", token.name, secret.error().detail));
    }
    std::vector<serve::Role> roles;
    for (const auto& role : token.roles) {
      const auto known = enum_of<serve::Role>(role);
      if (!known)
        return fail(Errc::invalid_input,
                    fmt::format("http token {}: no role {}", token.name, role));
      roles.push_back(*known);
    }
    tokens.push_back({.name = token.name,
                      .secret = *std::move(secret),
                      .tenants = {token.tenant},
                      .roles = std::move(roles)});
  }
  return serve::Access::make(std::move(tokens));
}

Result<http::ServerOptions> make_server_options(const config::HttpSettings& settings) {
  http::ServerOptions options;
  const auto colon = settings.listen.rfind(':');
  const auto host = settings.listen.substr(0, colon);
  const auto port = colon == std::string::npos ? std::string{} : settings.listen.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  if (error != std::errc{} || end != port.data() + port.size() || host.empty()) {
    return fail(
        Errc::invalid_input,
        fmt::format("http listen: '{}' is no address:port, e.g. 127.0.0.1:8080", settings.listen));
  }
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  options.address = bracketed ? host.substr(1, host.size() - 2) : host;
  if (!settings.tls.certificate.empty()) {
    auto tls = http::TlsContext::server({.certificate_file = settings.tls.certificate,
                                         .key_file = settings.tls.key,
                                         .client_ca_file = {}});
    if (!tls) return std::unexpected{tls.error()};
    options.tls = *std::move(tls);
  }
  options.limits.connections = settings.max_connections;
  options.limits.header_bytes = settings.max_header_bytes;
  options.limits.body_bytes = settings.max_body_bytes;
  options.limits.body = std::chrono::seconds{settings.request_timeout_s};
  options.limits.idle = std::chrono::seconds{settings.idle_timeout_s};
  return options;
}

}  // namespace sallyport::app
