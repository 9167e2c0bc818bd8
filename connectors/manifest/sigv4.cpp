#include "connectors/manifest/sigv4.hpp"

#include "engine/base/ascii.hpp"
#include "engine/base/digest.hpp"
#include "engine/http/url.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string hmac(std::string_view key, std::string_view text) {
  return std::string{raw_bytes(hmac_sha256(key, text))};
}

/// The path with each segment encoded once more than it is sent: all services but S3 want it so.
std::string canonical_path(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  std::string out;
  for (std::size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    out += http::percent_encoded(path.substr(at, end - at));
    if (end < path.size()) out += '/';
    at = end + 1;
  }
  return out;
}

std::string canonical_query(const http::Query& query) {
  std::vector<std::pair<std::string, std::string>> sorted;
  for (const auto& [name, value] : query)
    sorted.emplace_back(http::percent_encoded(name), http::percent_encoded(value));
  std::ranges::sort(sorted);
  std::string out;
  for (const auto& [name, value] : sorted)
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

}  // namespace

Result<> sign_v4(http::Request& request, std::string_view host, const AwsScope& scope, Time now) {
  const auto target = http::parse_target(request.target);
  if (!target) return std::unexpected{target.error()};
  const auto at = std::chrono::floor<std::chrono::seconds>(now);
  const auto stamp = fmt::format("{:%Y%m%dT%H%M%SZ}", at);
  const auto day = stamp.substr(0, 8);
  request.headers.emplace_back("X-Amz-Date", stamp);

  std::map<std::string, std::string> headers{{"host", std::string{host}}};
  for (const auto& [name, value] : request.headers)
    if (const auto key = ascii::lowered(name); key == "content-type" || key.starts_with("x-amz-"))
      headers.emplace(key, value);
  std::string canonical_headers;
  std::string names;
  for (const auto& [name, value] : headers) {
    canonical_headers += fmt::format("{}:{}\n", name, value);
    names += (names.empty() ? "" : ";") + name;
  }
  const auto canonical = fmt::format("{}\n{}\n{}\n{}\n{}\n{}",
                                     request.method,
                                     canonical_path(request.target),
                                     canonical_query(target->query),
                                     canonical_headers,
                                     names,
                                     to_hex(sha256(request.body)));
  const auto within = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const auto text =
      fmt::format("{}\n{}\n{}\n{}", algorithm, stamp, within, to_hex(sha256(canonical)));
  const auto key = hmac(
      hmac(hmac(hmac(fmt::format("AWS4{}", scope.secret_key), day), scope.region), scope.service),
      "aws4_request");
  request.headers.emplace_back("Authorization",
                               fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}",
                                           algorithm,
                                           scope.access_key,
                                           within,
                                           names,
                                           to_hex(hmac_sha256(key, text))));
  return {};
}

}  // namespace sallyport::connectors::manifest
