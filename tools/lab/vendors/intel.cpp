#include "tools/lab/vendors/intel.hpp"

#include "engine/match/encode.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace sallyport::lab {

namespace {

http::Response later(json::value body, const char* seconds = "30") {
  auto response = json_answer(429, body);
  response.headers.emplace_back("Retry-After", seconds);
  return response;
}

bool is_address(std::string_view text) {
  boost::system::error_code error;
  (void)boost::asio::ip::make_address(std::string{text}, error);
  return !error;
}

std::string without_padding(std::string text) {
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

bool is_known(std::string_view value) {
  return value == KnownBad::ip || value == KnownBad::domain || value == KnownBad::url ||
         value == KnownBad::sha256 || value == KnownBad::md5;
}

http::Response method_not_allowed() {
  return json_answer(405, {{"message", "method not allowed"}});
}

}  // namespace

http::Response IntelLab::answer(const VendorRequest& request) {
  if (given_key(request) != key) return refused();
  if (quota <= 0) return used_up();
  --quota;
  return look_up(request);
}

// VirusTotal

std::string VirusTotalLab::given_key(const VendorRequest& request) const {
  return request.header("x-apikey");
}

http::Response VirusTotalLab::refused() const {
  return json_answer(
      401, {{"error", {{"code", "WrongCredentialsError"}, {"message", "Wrong API key"}}}});
}

http::Response VirusTotalLab::used_up() const {
  return json_answer(429,
                     {{"error", {{"code", "QuotaExceededError"}, {"message", "Quota exceeded"}}}});
}

http::Response VirusTotalLab::look_up(const VendorRequest& request) {
  const bool known_path =
      request.path.size() == 4 && request.path[0] == "api" && request.path[1] == "v3";
  if (!known_path)
    return json_answer(
        404, {{"error", {{"code", "NotFoundError"}, {"message", "Resource not found."}}}});
  if (request.method != "GET") return method_not_allowed();
  const auto& kind = request.path[2];
  const auto& id = request.path[3];
  const bool address = kind == "ip_addresses";
  if (address && !is_address(id))
    return json_answer(
        400, {{"error", {{"code", "InvalidArgumentError"}, {"message", "Invalid IP address"}}}});
  const bool found = (address && id == KnownBad::ip) ||
                     (kind == "domains" && id == KnownBad::domain) ||
                     (kind == "files" && (id == KnownBad::sha256 || id == KnownBad::md5)) ||
                     (kind == "urls" && id == without_padding(match::to_base64(KnownBad::url)));
  if (!found)
    return json_answer(404, {{"error", {{"code", "NotFoundError"}, {"message", "not found"}}}});
  return json_answer(
      200,
      {{"data",
        {{"id", id},
         {"attributes",
          {{"last_analysis_stats",
            {{"malicious", 12}, {"suspicious", 1}, {"harmless", 40}, {"undetected", 20}}},
           {"reputation", -20},
           {"as_owner", hostile.empty() ? "Evil Hosting" : hostile},
           {"meaningful_name", hostile.empty() ? "payload.exe" : hostile},
           {"country", "ZZ"}}}}}});
}

// AbuseIPDB

std::string AbuseIpdbLab::given_key(const VendorRequest& request) const {
  return request.header("Key");
}

http::Response AbuseIpdbLab::refused() const {
  return json_answer(401, {{"errors", {{{"detail", "Authentication failed."}, {"status", 401}}}}});
}

http::Response AbuseIpdbLab::used_up() const {
  return later({{"errors", {{{"detail", "Daily rate limit of 1000 requests exceeded"}}}}});
}

http::Response AbuseIpdbLab::look_up(const VendorRequest& request) {
  if (!request.is("GET", {"api", "v2", "check"}))
    return json_answer(404, {{"errors", {{{"detail", "no such endpoint"}}}}});
  const auto ip = request.parameter("ipAddress");
  if (!is_address(ip) || request.parameter("maxAgeInDays").empty())
    return json_answer(
        422, {{"errors", {{{"detail", "The ip address must be a valid IPv4 or IPv6 address"}}}}});
  const bool bad = ip == KnownBad::ip;
  return json_answer(200,
                     {{"data",
                       {{"ipAddress", ip},
                        {"isWhitelisted", false},
                        {"abuseConfidenceScore", bad ? 92 : 0},
                        {"totalReports", bad ? 41 : 0},
                        {"usageType", hostile.empty() ? "Data Center" : hostile},
                        {"isTor", false},
                        {"countryCode", "ZZ"}}}});
}

// GreyNoise

std::string GreyNoiseLab::given_key(const VendorRequest& request) const {
  return request.header("key");
}

http::Response GreyNoiseLab::refused() const {
  return json_answer(401, {{"message", "unauthorized"}});
}

http::Response GreyNoiseLab::used_up() const {
  return later({{"message", "rate limit exceeded"}});
}

http::Response GreyNoiseLab::look_up(const VendorRequest& request) {
  if (!request.is("GET", {"v3", "ip", "*"})) return json_answer(404, {{"message", "no such page"}});
  if (!is_address(request.path[2]))
    return json_answer(400, {{"message", "Request is not a valid routable IPv4 address"}});
  if (request.path[2] != KnownBad::ip)
    return json_answer(404, {{"ip", request.path[2]}, {"message", "IP not observed"}});
  json::array tags;
  tags.push_back(json::object{{"name", hostile.empty() ? "SSH Bruteforcer" : hostile}});
  return json_answer(200,
                     {{"ip", request.path[2]},
                      {"internet_scanner_intelligence",
                       {{"found", true},
                        {"classification", "malicious"},
                        {"actor", "unknown"},
                        {"tags", std::move(tags)}}},
                      {"business_service_intelligence", {{"found", false}, {"name", ""}}}});
}

// AlienVault OTX

std::string OtxLab::given_key(const VendorRequest& request) const {
  return request.header("X-OTX-API-KEY");
}

http::Response OtxLab::refused() const {
  return json_answer(403, {{"detail", "Authentication required"}});
}

http::Response OtxLab::used_up() const {
  return later({{"detail", "Request was throttled."}});
}

http::Response OtxLab::look_up(const VendorRequest& request) {
  if (!request.is("GET", {"api", "v1", "indicators", "*", "*", "general"}))
    return json_answer(404, {{"detail", "endpoint not found"}});
  const auto& kind = request.path[3];
  const auto& value = request.path[4];
  const bool six = value.contains(':');
  const bool good = kind == "IPv4"   ? is_address(value) && !six
                    : kind == "IPv6" ? is_address(value) && six
                                     : kind == "domain" || kind == "file";
  if (!good) return json_answer(400, {{"detail", "malformed"}});
  json::array pulses;
  if (is_known(value))
    pulses.push_back(json::object{{"name", hostile.empty() ? "Botnet C2" : hostile}});
  return json_answer(
      200,
      {{"indicator", value},
       {"pulse_info", {{"count", is_known(value) ? 9 : 0}, {"pulses", std::move(pulses)}}}});
}

// Shodan

std::string ShodanLab::given_key(const VendorRequest& request) const {
  return request.parameter("key");
}

http::Response ShodanLab::refused() const {
  return json_answer(401, {{"error", "Please provide a valid API key"}});
}

http::Response ShodanLab::used_up() const {
  return later({{"error", "Request rate limit reached (1/ second)."}});
}

http::Response ShodanLab::look_up(const VendorRequest& request) {
  if (!request.is("GET", {"shodan", "host", "*"}))
    return json_answer(404, {{"error", "no such page"}});
  if (!is_address(request.path[2])) return json_answer(400, {{"error", "Invalid IP"}});
  if (request.path[2] != KnownBad::ip)
    return json_answer(404, {{"error", "No information available for that IP."}});
  return json_answer(200,
                     {{"ip_str", request.path[2]},
                      {"ports", {22, 80, 8443}},
                      {"vulns", {"CVE-2021-44228"}},
                      {"org", hostile.empty() ? "Evil Hosting" : hostile}});
}

// URLhaus

std::string UrlhausLab::given_key(const VendorRequest& request) const {
  return request.header("Auth-Key");
}

http::Response UrlhausLab::refused() const {
  return json_answer(401, {{"query_status", "unknown_auth_key"}});
}

http::Response UrlhausLab::used_up() const {
  return later({{"query_status", "rate_limited"}});
}

http::Response UrlhausLab::look_up(const VendorRequest& request) {
  const bool known_path =
      request.path.size() >= 2 && request.path[0] == "v1" &&
      (request.path[1] == "url" || request.path[1] == "host" || request.path[1] == "payload");
  if (!known_path) return json_answer(404, {{"query_status", "no_such_endpoint"}});
  if (request.method != "POST") return json_answer(200, {{"query_status", "http_post_expected"}});
  const auto form = request.form();
  if (!form) return json_answer(200, {{"query_status", "http_post_expected"}});
  const auto field = [&](std::string_view name) {
    return std::string{http::value_of(*form, name).value_or("")};
  };
  const auto& what = request.path[1];
  if (what == "url") {
    if (!field("url").starts_with("http"))
      return json_answer(200, {{"query_status", "invalid_url"}});
    if (field("url") != KnownBad::url) return json_answer(200, {{"query_status", "no_results"}});
    return json_answer(200,
                       {{"query_status", "ok"},
                        {"url_status", "online"},
                        {"threat", "malware_download"},
                        {"tags", {hostile.empty() ? "Mirai" : hostile}}});
  }
  if (what == "host") {
    const auto host = field("host");
    if (host.empty()) return json_answer(200, {{"query_status", "invalid_host"}});
    if (host != KnownBad::domain && host != KnownBad::ip)
      return json_answer(200, {{"query_status", "no_results"}});
    return json_answer(200,
                       {{"query_status", "ok"},
                        {"url_count", "2"},
                        {"urls",
                         {{{"url_status", "online"}, {"tags", {"Mirai"}}},
                          {{"url_status", "offline"}, {"tags", {"Mirai"}}}}}});
  }
  const auto sha256 = field("sha256_hash");
  const auto md5 = field("md5_hash");
  if (sha256.size() != 64 && md5.size() != 32)
    return json_answer(200, {{"query_status", "invalid_sha256_hash"}});
  if (sha256 != KnownBad::sha256 && md5 != KnownBad::md5)
    return json_answer(200, {{"query_status", "no_results"}});
  return json_answer(200,
                     {{"query_status", "ok"},
                      {"file_type", "elf"},
                      {"url_count", "5"},
                      {"signature", hostile.empty() ? "Mirai" : hostile}});
}

// ThreatFox

std::string ThreatFoxLab::given_key(const VendorRequest& request) const {
  return request.header("Auth-Key");
}

http::Response ThreatFoxLab::refused() const {
  return json_answer(401, {{"query_status", "unknown_auth_key"}});
}

http::Response ThreatFoxLab::used_up() const {
  return later({{"query_status", "rate_limited"}});
}

http::Response ThreatFoxLab::look_up(const VendorRequest& request) {
  if (!request.is("POST", {"api", "v1"}) && !request.is("POST", {"api", "v1", ""}))
    return json_answer(404, {{"query_status", "no_such_endpoint"}});
  const auto body = request.json();
  if (!body) return json_answer(200, {{"query_status", "illegal_json"}});
  const auto query = text_in(*body, "query");
  const auto term = text_in(*body, query == "search_hash" ? "hash" : "search_term");
  if (query != "search_ioc" && query != "search_hash")
    return json_answer(200, {{"query_status", "illegal_query"}});
  if (term.empty()) return json_answer(200, {{"query_status", "illegal_search_term"}});
  if (!is_known(term))
    return json_answer(
        200, {{"query_status", "no_result"}, {"data", "Your search did not yield any results"}});
  json::array data;
  data.push_back(json::object{{"ioc", term},
                              {"threat_type", "botnet_cc"},
                              {"malware_printable", hostile.empty() ? "Cobalt Strike" : hostile},
                              {"confidence_level", 100},
                              {"first_seen", "2026-11-20 10:00:00 UTC"}});
  data.push_back(json::object{{"ioc", term},
                              {"threat_type", "botnet_cc"},
                              {"malware_printable", "Cobalt Strike"},
                              {"confidence_level", 50},
                              {"first_seen", "2026-10-20 10:00:00 UTC"}});
  return json_answer(200, {{"query_status", "ok"}, {"data", std::move(data)}});
}

// MISP

std::string MispLab::given_key(const VendorRequest& request) const {
  return request.header("Authorization");
}

http::Response MispLab::refused() const {
  return json_answer(403,
                     {{"name", "Authentication failed. Please make sure you pass the API key"},
                      {"message", "Authentication failed. Please make sure you pass the API key"}});
}

http::Response MispLab::used_up() const {
  return later({{"message", "rate limit exceeded"}});
}

http::Response MispLab::look_up(const VendorRequest& request) {
  if (!request.is("POST", {"attributes", "restSearch"}))
    return json_answer(405, {{"message", "You do not have permission to use this functionality."}});
  const auto body = request.json();
  if (!body || request.header("Accept") != "application/json" ||
      text_in(*body, "returnFormat") != "json")
    return json_answer(400, {{"message", "Invalid input"}});
  json::array attributes;
  if (is_known(text_in(*body, "value"))) {
    for (const bool for_detection : {true, false})
      attributes.push_back(
          json::object{{"id", "7"},
                       {"category", "Network activity"},
                       {"to_ids", for_detection},
                       {"Event", {{"info", hostile.empty() ? "Phishing wave" : hostile}}}});
  }
  return json_answer(200, {{"response", {{"Attribute", std::move(attributes)}}}});
}

// OpenCTI

std::string OpenCtiLab::given_key(const VendorRequest& request) const {
  const auto header = request.header("Authorization");
  return header.starts_with("Bearer ") ? header.substr(7) : std::string{};
}

namespace {

http::Response graphql_error(std::string_view code, std::string_view message) {
  json::array errors;
  errors.push_back(json::object{{"message", message}, {"extensions", {{"code", code}}}});
  return json_answer(200, {{"errors", std::move(errors)}, {"data", nullptr}});
}

/// The one value that the filters ask for.
std::string asked_value(const json::value& body) {
  const auto* variables = body.is_object() ? body.get_object().if_contains("variables") : nullptr;
  boost::system::error_code error;
  const auto* values =
      variables ? variables->find_pointer("/filters/filters/0/values/0", error) : nullptr;
  return values && values->is_string() ? std::string{values->get_string()} : std::string{};
}

}  // namespace

http::Response OpenCtiLab::refused() const {
  return graphql_error("AUTH_REQUIRED", "You must be logged in to do this.");
}

http::Response OpenCtiLab::used_up() const {
  return later({{"message", "Too many requests"}});
}

http::Response OpenCtiLab::look_up(const VendorRequest& request) {
  if (!request.is("POST", {"graphql"})) return json_answer(404, {{"message", "no such page"}});
  const auto body = request.json();
  if (!body) return json_answer(400, {{"message", "Unexpected body"}});
  const auto query = text_in(*body, "query");
  if (!query.contains("stixCyberObservables(filters: $filters") ||
      std::ranges::count(query, '{') != std::ranges::count(query, '}'))
    return graphql_error("GRAPHQL_VALIDATION_FAILED", "Cannot query field");
  const auto value = asked_value(*body);
  if (value.empty())
    return graphql_error("BAD_USER_INPUT", "Variable \"$filters\" got invalid value");
  json::array edges;
  if (is_known(value)) {
    json::array labels;
    labels.push_back(json::object{{"value", hostile.empty() ? "c2" : hostile}});
    json::array indicators;
    indicators.push_back(json::object{{"node", {{"id", "indicator--1"}, {"revoked", false}}}});
    edges.push_back(json::object{{"node",
                                  {{"id", "observable--1"},
                                   {"entity_type", "IPv4-Addr"},
                                   {"x_opencti_score", 85},
                                   {"indicators", {{"edges", std::move(indicators)}}},
                                   {"objectLabel", std::move(labels)}}}});
  }
  return json_answer(200, {{"data", {{"stixCyberObservables", {{"edges", std::move(edges)}}}}}});
}

}  // namespace sallyport::lab
