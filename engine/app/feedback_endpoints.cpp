#include "engine/app/feedback_endpoints.hpp"

#include "engine/serve/schema.hpp"

#include <utility>

namespace sallyport::app {

namespace {

using serve::Asked;

struct VerdictBody {
  model::Judgement verdict = model::Judgement::inconclusive;
  std::string comment;
};
BOOST_DESCRIBE_STRUCT(VerdictBody, (), (verdict, comment))

struct ResetBody {
  std::optional<std::string> tenant;
  std::string source;
  std::string detection;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(ResetBody, (), (tenant, source, detection, reason))

Task<http::Response> judge(Feedback& feedback, serve::Backend& backend, Asked asked) {
  auto body = serve::body_of<VerdictBody>(asked.routed.request);
  if (!body) co_return std::unexpected{body.error()};
  const auto id = asked.routed.parameter("id");
  const auto investigation = co_await backend.investigation(id);
  if (!investigation) co_return std::unexpected{investigation.error()};
  if (!asked.principal.sees(investigation->tenant))
    co_return fail(Errc::not_found, "no such investigation");
  const auto judged =
      co_await feedback.judge(id, body->verdict, std::move(body->comment), asked.principal.actor());
  if (!judged) co_return std::unexpected{judged.error()};
  co_return serve::ok_json(json::object{{"investigation", id},
                                        {"verdict", name_of(body->verdict)},
                                        {"was", name_of(investigation->verdict)}});
}

Task<http::Response> list_learned(Feedback& feedback, Asked asked) {
  const auto query = serve::list_query(asked, serve::AllTenants::allowed);
  if (!query) co_return std::unexpected{query.error()};
  const auto heard = feedback.hear();
  if (!heard) co_return std::unexpected{heard.error()};
  co_return serve::ok("{\"items\":" + to_json(feedback.lessons()->all(query->tenant)) + '}');
}

Task<http::Response> reset(Feedback& feedback, Asked asked) {
  auto body = serve::body_of<ResetBody>(asked.routed.request);
  if (!body) co_return std::unexpected{body.error()};
  auto tenant = body->tenant.value_or("");
  if (tenant.empty()) {
    auto only = serve::tenant_of(asked, serve::AllTenants::refused);
    if (!only) co_return std::unexpected{only.error()};
    tenant = *std::move(only);
  } else if (!asked.principal.sees(tenant)) {
    co_return fail(Errc::denied, "this token does not see that tenant");
  }
  const auto done = co_await feedback.unlearn(
      {.tenant = std::move(tenant), .source = body->source, .detection = body->detection},
      std::move(body->reason),
      asked.principal.actor());
  if (!done) co_return std::unexpected{done.error()};
  co_return serve::ok_json(
      json::object{{"source", body->source}, {"detection", body->detection}, {"leaning", 0}});
}

}  // namespace

serve::Endpoints feedback_endpoints(Feedback& feedback, serve::Backend& backend) {
  const json::object text{{"type", "string"}};
  const json::object learned{
      {"type", "object"},
      {"properties",
       {{"items", {{"type", "array"}, {"items", serve::schema_of<investigate::Learned>()}}}}}};
  return {
      {.method = "POST",
       .path = "/v1/investigations/{id}/verdict",
       .id = "judgeInvestigation",
       .summary = "What a person says an investigation was about. It stands in the ledger beside "
                  "the engine's verdict, and teaches how this detection is judged from now on",
       .role = serve::Role::analyst,
       .query = {},
       .body = serve::schema_of<VerdictBody>(),
       .answers = {{.description = "it is in the ledger",
                    .schema = {{"type", "object"},
                               {"properties",
                                {{"investigation", text},
                                 {"verdict", serve::schema_of<model::Judgement>()},
                                 {"was", serve::schema_of<model::Judgement>()}}}}},
                   {.status = 404, .description = "no such investigation", .schema = {}}},
       .handle = [&feedback,
                  &backend](Asked asked) { return judge(feedback, backend, std::move(asked)); }},
      {.method = "GET",
       .path = "/v1/learned",
       .id = "listLearned",
       .summary = "What people's verdicts and denials came to, per detection: `leaning` goes from "
                  "-1 (benign) to 1 (malicious) and is the strength of the signal "
                  "`people.benign` or `people.malicious`",
       .role = serve::Role::viewer,
       .query = {{.name = "tenant",
                  .description = "for tokens with several tenants",
                  .schema = {{"type", "string"}}}},
       .body = {},
       .answers = {{.description = "every detection that something was learned of",
                    .schema = learned}},
       .handle = [&feedback](Asked asked) { return list_learned(feedback, std::move(asked)); }},
      {.method = "POST",
       .path = "/v1/learned/reset",
       .id = "resetLearned",
       .summary = "Takes back what was learned of a detection; the ledger keeps who and why",
       .role = serve::Role::analyst,
       .query = {},
       .body = serve::schema_of<ResetBody>(),
       .answers = {{.description = "nothing is learned of it any more",
                    .schema = {{"type", "object"}}},
                   {.status = 404, .description = "nothing was", .schema = {}}},
       .handle = [&feedback](Asked asked) { return reset(feedback, std::move(asked)); }}};
}

}  // namespace sallyport::app
