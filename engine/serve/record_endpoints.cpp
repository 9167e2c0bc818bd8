#include "engine/serve/record_endpoints.hpp"

#include "engine/serve/schema.hpp"

namespace sallyport::serve {

namespace {

Result<std::vector<model::EntryKind>> kinds_of(const http::Query& query) {
  std::vector<model::EntryKind> kinds;
  for (const auto& [name, value] : query) {
    if (name != "kind") continue;
    const auto kind = enum_of<model::EntryKind>(value);
    if (!kind) return fail(Errc::invalid_input, "kind is not one of those that the document names");
    kinds.push_back(*kind);
  }
  return kinds;
}

Result<std::optional<Time>> time_parameter(const http::Query& query, std::string_view name) {
  const auto text = http::value_of(query, name);
  if (!text) return std::optional<Time>{};
  const auto time = parse_rfc3339(*text);
  if (!time) return fail(Errc::invalid_input, std::string{name} + ": " + time.error().detail);
  return std::optional{*time};
}

template <class E>
std::string name_or_none(const std::optional<E>& value) {
  return value ? std::string{name_of(*value)} : std::string{};
}

Task<http::Response> search_ledger(Backend& backend, Asked asked) {
  const auto& query = asked.routed.query;
  auto list = list_query(asked, AllTenants::refused);
  if (!list) co_return std::unexpected{list.error()};
  auto kinds = kinds_of(query);
  if (!kinds) co_return std::unexpected{kinds.error()};
  const auto from = time_parameter(query, "from");
  if (!from) co_return std::unexpected{from.error()};
  const auto to = time_parameter(query, "to");
  if (!to) co_return std::unexpected{to.error()};
  // A word that no decision has would find nothing, as if nothing had been decided so.
  const auto decision = enum_parameter<model::Ruling>(asked, "decision");
  if (!decision) co_return std::unexpected{decision.error()};
  const auto reason = enum_parameter<model::Reason>(asked, "reason");
  if (!reason) co_return std::unexpected{reason.error()};
  const auto order = http::value_of(query, "order").value_or("oldest");
  if (order != "oldest" && order != "newest") co_return refuse(400, "order is oldest or newest");
  LedgerSearch search{.list = *std::move(list),
                      .kinds = *std::move(kinds),
                      .subject = std::string{http::value_of(query, "subject").value_or("")},
                      .verb = std::string{http::value_of(query, "verb").value_or("")},
                      .target = std::string{http::value_of(query, "target").value_or("")},
                      .decision = name_or_none(*decision),
                      .reason = name_or_none(*reason),
                      .actor = std::string{http::value_of(query, "actor").value_or("")},
                      .from = *from,
                      .to = *to,
                      .newest_first = order == "newest"};
  const auto page = co_await backend.ledger(std::move(search));
  if (!page) co_return std::unexpected{page.error()};
  // The entries are JSON already; parsing them would only cost their exact bytes.
  co_return ok_page(*page, [](std::string& out, const std::string& entry) { out += entry; });
}

}  // namespace

Endpoints record_endpoints(Backend& backend) {
  const json::object text{{"type", "string"}};
  return {
      {.method = "GET",
       .path = "/v1/ledger",
       .id = "searchLedger",
       .summary = "Entries of one tenant's ledger, as they are stored",
       .role = Role::viewer,
       .query = list_parameters(
           {{.name = "kind",
             .description = "may be given several times",
             .schema = schema_of<model::EntryKind>()},
            {.name = "subject", .description = "an alert, investigation or action", .schema = text},
            {.name = "verb", .description = "of a decision", .schema = text},
            {.name = "target", .description = "of a decision: its value", .schema = text},
            {.name = "decision",
             .description = "auto, queued or blocked",
             .schema = schema_of<model::Ruling>()},
            {.name = "reason",
             .description = "why it was decided so",
             .schema = schema_of<model::Reason>()},
            {.name = "actor", .description = "who a decision was made for", .schema = text},
            {.name = "from", .description = "inclusive", .schema = schema_of<Time>()},
            {.name = "to", .description = "exclusive", .schema = schema_of<Time>()},
            {.name = "order",
             .description = "which come first",
             .schema = {{"type", "string"},
                        {"enum", json::array{"oldest", "newest"}},
                        {"default", "oldest"}}}}),
       .body = {},
       .answers = {{.description = "a page of entries",
                    .schema = page_of(schema_of<model::LedgerEntry>())}},
       .handle = [&backend](Asked asked) { return search_ledger(backend, std::move(asked)); }}};
}

}  // namespace sallyport::serve
