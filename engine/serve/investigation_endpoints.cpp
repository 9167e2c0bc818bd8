#include "engine/serve/investigation_endpoints.hpp"

#include "engine/serve/schema.hpp"

namespace sallyport::serve {

namespace {

Task<http::Response> list_investigations(Backend& backend, Asked asked) {
  auto query = list_query(asked, AllTenants::allowed);
  if (!query) co_return std::unexpected{query.error()};
  const auto page = co_await backend.investigations(*std::move(query));
  if (!page) co_return std::unexpected{page.error()};
  co_return ok_page(*page, append_json<model::Verdict>);
}

Task<http::Response> show_investigation(Backend& backend, Asked asked) {
  const auto verdict = co_await backend.investigation(asked.routed.parameter("id"));
  if (!verdict) co_return std::unexpected{verdict.error()};
  if (!asked.principal.sees(verdict->tenant)) co_return refuse(404, "no such investigation");
  co_return ok_json(*verdict);
}

}  // namespace

Endpoints investigation_endpoints(Backend& backend) {
  return {
      {.method = "GET",
       .path = "/v1/investigations",
       .id = "listInvestigations",
       .summary = "Verdict documents, newest first",
       .role = Role::viewer,
       .query = list_parameters({}),
       .body = {},
       .answers = {{.description = "a page of verdict documents",
                    .schema = page_of(schema_of<model::Verdict>())}},
       .handle =
           [&backend](Asked asked) { return list_investigations(backend, std::move(asked)); }},
      {.method = "GET",
       .path = "/v1/investigations/{id}",
       .id = "showInvestigation",
       .summary = "The verdict document of one investigation",
       .role = Role::viewer,
       .query = {},
       .body = {},
       .answers = {{.description = "the verdict document", .schema = schema_of<model::Verdict>()}},
       .handle = [&backend](Asked asked) {
         return show_investigation(backend, std::move(asked));
       }}};
}

}  // namespace sallyport::serve
