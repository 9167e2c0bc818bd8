#include "connectors/manifest/shown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::size_t shortest_secret = 4;

void replace(std::string& text, std::string_view what) {
  constexpr std::string_view hidden = "***";
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + hidden.size()))
    text.replace(at, what.size(), hidden);
}

bool carries_credential(std::string_view name, const AuthPlan& auth) {
  if (http::same_name(name, "Authorization") || http::same_name(name, auth.header)) return true;
  return auth.signature && std::ranges::any_of(auth.signature->headers, [&](const auto& header) {
           return http::same_name(header.first, name);
         });
}

/// `Bearer abc` as `Bearer ***`.
std::string scheme_of(const std::string& value) {
  const auto blank = value.find(' ');
  return blank == std::string::npos ? "***" : value.substr(0, blank + 1) + "***";
}

}  // namespace

std::string without(std::string text, const std::vector<std::string>& hidden) {
  // The longest first: of two that begin alike the rest of the longer one would stay.
  auto all = hidden;
  std::ranges::sort(all, std::ranges::greater{}, &std::string::size);
  for (const auto& secret : all) {
    if (secret.size() < shortest_secret) continue;
    replace(text, secret);
    replace(text, http::percent_encoded(secret));
    const auto quoted = to_json(json::value(secret));
    replace(text, std::string_view{quoted}.substr(1, quoted.size() - 2));
  }
  return text;
}

Sent shown(http::Request request,
           const http::Origin& origin,
           const AuthPlan& auth,
           const std::vector<std::string>& hidden) {
  for (auto& [name, value] : request.headers)
    value = carries_credential(name, auth) ? scheme_of(value) : without(std::move(value), hidden);
  return {.method = std::move(request.method),
          .url = fmt::format("{}://{}{}",
                             origin.tls ? "https" : "http",
                             http::host_header(origin),
                             without(std::move(request.target), hidden)),
          .headers = std::move(request.headers),
          .body = without(std::move(request.body), hidden)};
}

}  // namespace sallyport::connectors::manifest
