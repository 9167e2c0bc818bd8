#include "engine/serve/endpoint.hpp"

#include <charconv>

namespace sallyport::serve {

namespace {

constexpr std::size_t usual_limit = 100;
constexpr std::size_t most_limit = 1000;
constexpr std::size_t most_cursor = 512;

}  // namespace

http::Response ok(std::string body, int status) {
  return {
      .status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

http::Response refuse(int status, std::string detail) {
  return http::to_response(http::Problem{.status = status, .detail = std::move(detail)});
}

Result<std::string> tenant_of(const Asked& asked, AllTenants all) {
  const auto& tenants = asked.principal.tenants;
  if (const auto named = http::value_of(asked.routed.query, "tenant"); named && !named->empty()) {
    if (!asked.principal.sees(*named)) return fail(Errc::denied, "this token has no such tenant");
    return std::string{*named};
  }
  const bool sees_all = asked.principal.sees("*");
  if (sees_all && all == AllTenants::allowed) return std::string{};
  if (!sees_all && tenants.size() == 1) return tenants.front();
  return fail(Errc::invalid_input, "this token has several tenants: name one with ?tenant=");
}

Result<ListQuery> list_query(const Asked& asked, AllTenants all) {
  auto tenant = tenant_of(asked, all);
  if (!tenant) return std::unexpected{tenant.error()};
  ListQuery query{.tenant = *std::move(tenant), .cursor = {}, .limit = usual_limit};
  if (const auto text = http::value_of(asked.routed.query, "limit")) {
    const auto* end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, query.limit);
    if (error != std::errc{} || rest != end || query.limit < 1 || query.limit > most_limit)
      return fail(Errc::invalid_input, "limit is a whole number from 1 to 1000");
  }
  if (const auto cursor = http::value_of(asked.routed.query, "cursor")) {
    if (cursor->size() > most_cursor) return fail(Errc::invalid_input, "no such cursor");
    query.cursor = *cursor;
  }
  return query;
}

std::vector<QueryParameter> list_parameters(std::vector<QueryParameter> more) {
  more.push_back({.name = "tenant",
                  .description = "for tokens with several tenants",
                  .schema = {{"type", "string"}}});
  more.push_back({.name = "limit",
                  .description = "how many at most",
                  .schema = {{"type", "integer"},
                             {"minimum", 1},
                             {"maximum", most_limit},
                             {"default", usual_limit}}});
  more.push_back({.name = "cursor",
                  .description = "`next` of the answer before",
                  .schema = {{"type", "string"}}});
  return more;
}

}  // namespace sallyport::serve
