#include "engine/serve/alert_endpoints.hpp"

#include "engine/ingest/payload.hpp"
#include "engine/serve/schema.hpp"

#include <fmt/format.h>

namespace sallyport::serve {

namespace {

struct AlertResult {
  std::size_t index = 0;  ///< In the request, from 0.
  ReceiptStatus status = ReceiptStatus::unavailable;
  std::optional<std::string> uid;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(AlertResult, (), (index, status, uid, reason))

struct IntakeAnswer {
  std::size_t accepted = 0;
  std::size_t duplicates = 0;
  std::size_t refused = 0;
  std::size_t unavailable = 0;
  std::vector<AlertResult> results;
};
BOOST_DESCRIBE_STRUCT(IntakeAnswer, (), (accepted, duplicates, refused, unavailable, results))

IntakeAnswer summarise(std::vector<AlertReceipt> receipts) {
  IntakeAnswer answer;
  answer.results.reserve(receipts.size());
  for (auto& receipt : receipts) {
    AlertResult result{.index = answer.results.size(), .status = receipt.status};
    if (!receipt.uid.empty()) result.uid = std::move(receipt.uid);
    switch (receipt.status) {
      case ReceiptStatus::accepted:
        ++answer.accepted;
        break;
      case ReceiptStatus::duplicate:
      case ReceiptStatus::updated:
        ++answer.duplicates;
        break;
      case ReceiptStatus::refused:
        ++answer.refused;
        result.reason = std::move(receipt.reason);
        break;
      case ReceiptStatus::unavailable:
        ++answer.unavailable;
        result.reason = std::move(receipt.reason);
        break;
    }
    answer.results.push_back(std::move(result));
  }
  return answer;
}

http::Response try_later(std::chrono::seconds wait, std::string detail) {
  auto response = refuse(503, std::move(detail));
  response.headers.emplace_back("Retry-After", fmt::format("{}", wait.count()));
  return response;
}

http::Response to_response(const IntakeAnswer& answer) {
  const auto known = answer.accepted + answer.duplicates;
  if (known == answer.results.size()) return ok_json(answer, 202);
  if (known > 0) return ok_json(answer, 207);
  if (answer.refused == 0)
    return try_later(std::chrono::seconds{1}, "nothing was recorded; send it again");
  http::Problem problem{.status = answer.unavailable == 0 ? 400 : 503,
                        .detail = "no alert was accepted; see `results`"};
  problem.more = to_json_value(answer).as_object();
  return http::to_response(problem);
}

Task<http::Response> take_alerts(Backend& backend, IntakeOptions options, Asked asked) {
  if (const auto wait = backend.congested())
    co_return try_later(*wait, "the engine has all the alerts it can hold; send them again later");
  auto tenant = tenant_of(asked, AllTenants::refused);
  if (!tenant) co_return std::unexpected{tenant.error()};
  const auto pieces = ingest::split_payload(asked.routed.request.body);
  if (pieces.empty()) co_return refuse(400, "there is no alert in the body");
  if (pieces.size() > options.alerts_per_request)
    co_return refuse(413,
                     fmt::format("more than {} alerts in one request", options.alerts_per_request));

  Submission submission{.tenant = *std::move(tenant), .source = {}, .alerts = {}};
  if (const auto source = http::value_of(asked.routed.query, "source")) submission.source = *source;
  submission.alerts.reserve(pieces.size());
  for (const auto& piece : pieces) submission.alerts.emplace_back(piece.bytes);
  auto receipts = co_await backend.submit(std::move(submission));
  if (!receipts) co_return std::unexpected{receipts.error()};
  co_return to_response(summarise(*std::move(receipts)));
}

Task<http::Response> list_alerts(Backend& backend, Asked asked) {
  auto query = list_query(asked, AllTenants::allowed);
  if (!query) co_return std::unexpected{query.error()};
  const auto page = co_await backend.alerts(*std::move(query));
  if (!page) co_return std::unexpected{page.error()};
  co_return ok_page(*page, append_json<model::Alert>);
}

}  // namespace

Endpoints alert_endpoints(Backend& backend, IntakeOptions options) {
  const json::object alert{{"type", "object"}};
  const json::object alerts{{"type", "array"}, {"items", alert}};
  return {
      {.method = "POST",
       .path = "/v1/alerts",
       .id = "sendAlerts",
       .summary = "Takes one alert, an array of alerts, or JSON Lines, in any shape that a mapping "
                  "knows; answers when they are durable",
       .role = Role::ingest,
       .query = {{.name = "source",
                  .description = "the mapping to read them with; else it is recognised",
                  .schema = {{"type", "string"}}},
                 {.name = "tenant",
                  .description = "for tokens with several tenants",
                  .schema = {{"type", "string"}}}},
       .body = {{"oneOf", json::array{alert, alerts}}},
       .answers = {{.status = 202,
                    .description = "all are durable (or were before)",
                    .schema = schema_of<IntakeAnswer>()},
                   {.status = 207,
                    .description = "some are; see each result",
                    .schema = schema_of<IntakeAnswer>()},
                   {.status = 413, .description = "too much in one request", .schema = {}},
                   {.status = 503,
                    .description = "none was recorded: wait for Retry-After",
                    .schema = {}}},
       .handle = [&backend, options](
                     Asked asked) { return take_alerts(backend, options, std::move(asked)); }},
      {.method = "GET",
       .path = "/v1/alerts",
       .id = "listAlerts",
       .summary = "The alerts that were taken in",
       .role = Role::viewer,
       .query = list_parameters({}),
       .body = {},
       .answers = {{.description = "a page of alerts",
                    .schema = page_of(schema_of<model::Alert>())}},
       .handle = [&backend](Asked asked) { return list_alerts(backend, std::move(asked)); }}};
}

}  // namespace sallyport::serve
