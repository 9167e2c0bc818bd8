#include "engine/app/audit_endpoints.hpp"

#include "engine/audit/bundle.hpp"
#include "engine/audit/readiness.hpp"
#include "engine/audit/reviews.hpp"
#include "engine/base/on_pool.hpp"
#include "engine/serve/schema.hpp"

#include <memory>
#include <utility>

namespace sallyport::app {

namespace {

using Sources = std::shared_ptr<const AuditSources>;

/// A bundle that is served is held in memory.
constexpr std::size_t most_bundle_bytes = 64ULL << 20U;

struct ReviewBody {
  std::optional<std::string> tenant;
  Time from;
  Time to;
  std::string note;
};
BOOST_DESCRIBE_STRUCT(ReviewBody, (), (tenant, from, to, note))

Result<std::vector<std::string>> tenants_of(const serve::Asked& asked, const Sources& sources) {
  auto tenant = serve::tenant_of(asked, serve::AllTenants::allowed);
  if (!tenant) return std::unexpected{tenant.error()};
  if (tenant->empty()) return store::ledger_tenants(sources->store);
  return std::vector{*std::move(tenant)};
}

Result<Time> needed_time(const serve::Asked& asked, std::string_view name) {
  const auto text = http::value_of(asked.routed.query, name);
  if (!text) return fail(Errc::invalid_input, std::string{name} + " is needed");
  auto time = parse_rfc3339(*text);
  if (!time) return fail(Errc::invalid_input, std::string{name} + ": " + time.error().detail);
  return time;
}

/// The files as one JSON object: name -> content.
Result<std::string> bundle_document(const AuditSources& sources,
                                    const std::vector<std::string>& tenants,
                                    audit::Window window) {
  const auto history = audit::PolicyHistory::load(sources.store);
  if (!history) return std::unexpected{history.error()};
  const auto key = audit::SigningKey::load(audit::key_directory(sources.data_dir));
  if (!key) return std::unexpected{key.error()};
  audit::MemorySink sink{most_bundle_bytes};
  const auto manifest =
      audit::write_bundle(sources.store,
                          *history,
                          &*key,
                          {.window = window, .tenants = tenants, .made_at = sources.clock.now()},
                          sink);
  if (!manifest) return std::unexpected{manifest.error()};
  return "{\"files\":" + to_json(sink.files) + '}';
}

Task<http::Response> export_bundle(Sources sources, serve::Asked asked) {
  auto tenants = tenants_of(asked, sources);
  if (!tenants) co_return std::unexpected{tenants.error()};
  const auto from = needed_time(asked, "from");
  if (!from) co_return std::unexpected{from.error()};
  const auto to = needed_time(asked, "to");
  if (!to) co_return std::unexpected{to.error()};
  if (*to <= *from) co_return fail(Errc::invalid_input, "to is not after from");
  auto work =
      [sources, names = *std::move(tenants), from = *from, to = *to]() -> Task<std::string> {
    co_return bundle_document(*sources, names, {.from = from, .to = to});
  };
  auto document = co_await on_pool(sources->blocking, std::move(work));
  if (!document) co_return std::unexpected{document.error()};
  co_return serve::ok(*std::move(document));
}

/// The tenant that `named` is, when the token may see it; without a name the token's only one.
Result<std::string> reviewed_tenant(const serve::Asked& asked,
                                    const std::optional<std::string>& named) {
  const auto& tenants = asked.principal.tenants;
  if (named && asked.principal.sees(*named)) return *named;
  if (named) return fail(Errc::denied, "this token has no such tenant");
  if (tenants.size() == 1 && !asked.principal.sees("*")) return tenants.front();
  return fail(Errc::invalid_input, "this token has several tenants: name the one that was read");
}

Task<http::Response> review(Sources sources, serve::Asked asked) {
  auto body = serve::body_of<ReviewBody>(asked.routed.request);
  if (!body) co_return std::unexpected{body.error()};
  auto tenant = reviewed_tenant(asked, body->tenant);
  if (!tenant) co_return std::unexpected{tenant.error()};
  const auto now = sources->clock.now();
  auto work = [sources, tenant = *tenant, body = *body, now]() -> Task<audit::GateLogReview> {
    co_return audit::review_of(
        sources->store, tenant, {.from = body.from, .to = body.to}, body.note, now);
  };
  const auto reviewed = co_await on_pool(sources->blocking, std::move(work));
  if (!reviewed) co_return std::unexpected{reviewed.error()};
  auto document = to_json(*reviewed);
  store::Batch batch;
  batch.append(*tenant,
               model::EntryKind::reviewed,
               audit::gate_log_subject,
               asked.principal.actor(),
               now,
               document);
  const auto committed = co_await sources->store.commit(std::move(batch));
  if (!committed) co_return std::unexpected{committed.error()};
  co_return serve::ok(std::move(document));
}

Result<std::string> readiness_document(const AuditSources& sources,
                                       const std::vector<std::string>& tenants) {
  const auto history = audit::PolicyHistory::load(sources.store);
  if (!history) return std::unexpected{history.error()};
  const auto rows = audit::readiness(
      sources.store, *history, sources.catalogue, tenants, sources.demotion, sources.clock.now());
  if (!rows) return std::unexpected{rows.error()};
  return "{\"items\":" + to_json(*rows) + '}';
}

Task<http::Response> show_readiness(Sources sources, serve::Asked asked) {
  auto tenants = tenants_of(asked, sources);
  if (!tenants) co_return std::unexpected{tenants.error()};
  auto work = [sources, names = *std::move(tenants)]() -> Task<std::string> {
    co_return readiness_document(*sources, names);
  };
  auto document = co_await on_pool(sources->blocking, std::move(work));
  if (!document) co_return std::unexpected{document.error()};
  co_return serve::ok(*std::move(document));
}

}  // namespace

serve::Endpoints audit_endpoints(AuditSources given) {
  const Sources sources = std::make_shared<const AuditSources>(std::move(given));
  const serve::QueryParameter tenant{
      .name = "tenant", .description = "only this one's", .schema = {{"type", "string"}}};
  const auto time = serve::schema_of<Time>();
  const json::object files{
      {"type", "object"},
      {"properties",
       {{"files", {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}}}}}};
  const json::object rows{
      {"type", "object"},
      {"properties",
       {{"items", {{"type", "array"}, {"items", serve::schema_of<audit::Readiness>()}}}}}};
  return {
      {.method = "GET",
       .path = "/v1/audit/export",
       .id = "exportAudit",
       .summary = "The auditor's bundle of a window, its manifest signed",
       .role = serve::Role::viewer,
       .query = {tenant,
                 {.name = "from", .description = "inclusive", .schema = time},
                 {.name = "to", .description = "exclusive", .schema = time}},
       .body = {},
       .answers = {{.description = "the files by name, as `audit export` writes them; at most "
                                   "64 MiB",
                    .schema = files}},
       .handle =
           [sources](serve::Asked asked) { return export_bundle(sources, std::move(asked)); }},
      {.method = "POST",
       .path = "/v1/audit/reviews",
       .id = "reviewGateLog",
       .summary = "A person's word that they have read the gate log of a window: it stands in the "
                  "ledger, and readiness asks for it",
       .role = serve::Role::admin,
       .query = {},
       .body = serve::schema_of<ReviewBody>(),
       .answers = {{.description = "what is recorded: how many decisions the window held, and the "
                                   "chain's head",
                    .schema = serve::schema_of<audit::GateLogReview>()}},
       .handle = [sources](serve::Asked asked) { return review(sources, std::move(asked)); }},
      {.method = "GET",
       .path = "/v1/readiness",
       .id = "showReadiness",
       .summary = "Per verb and kind of target: the record, what is missing to run by itself, and "
                  "what should go back to the queue",
       .role = serve::Role::viewer,
       .query = {tenant},
       .body = {},
       .answers = {{.description = "the rows; what has no value was not measured", .schema = rows}},
       .handle = [sources](serve::Asked asked) {
         return show_readiness(sources, std::move(asked));
       }}};
}

}  // namespace sallyport::app
