#include "engine/serve/policy_endpoints.hpp"

#include "engine/serve/schema.hpp"

#include <charconv>

namespace sallyport::serve {

namespace {

/// What is told of a version, as far as the caller may see it.
struct VersionView {
  std::uint64_t version = 0;
  std::string hash;
  Time adopted_at;
  model::Actor by;
  std::string reason;
  std::vector<gate::PolicyChange> changes;
  std::optional<std::string> warnings;
};

struct PolicyView {
  std::uint64_t version = 0;
  std::string hash;
  Time adopted_at;
  model::Actor by;
  std::string reason;
  std::vector<gate::PolicyChange> changes;
  json::value policy;
  std::optional<std::string> text;  ///< Only for those who see all tenants.
};

struct TierBody {
  std::string tenant;
  std::optional<model::Tier> tier;
  std::string reason;
};

struct KillBody {
  std::optional<KillScope> scope;
  std::optional<bool> on;
  std::string reason;
  std::optional<std::string> tenant;
  std::optional<std::string> connector;
  std::optional<std::string> verb;
};

BOOST_DESCRIBE_STRUCT(VersionView, (), (version, hash, adopted_at, by, reason, changes, warnings))
BOOST_DESCRIBE_STRUCT(PolicyView,
                      (),
                      (version, hash, adopted_at, by, reason, changes, policy, text))
BOOST_DESCRIBE_STRUCT(TierBody, (), (tenant, tier, reason))
BOOST_DESCRIBE_STRUCT(KillBody, (), (scope, on, reason, tenant, connector, verb))

std::vector<gate::PolicyChange> visible_changes(std::vector<gate::PolicyChange> changes,
                                                const Principal& principal) {
  std::erase_if(changes, [&](const gate::PolicyChange& change) {
    const auto tenant = change.tenant();
    return !tenant.empty() && !principal.sees(tenant);
  });
  return changes;
}

VersionView view_of(PolicyDocument document, const Principal& principal) {
  VersionView view{.version = document.version,
                   .hash = std::move(document.hash),
                   .adopted_at = document.adopted_at,
                   .by = std::move(document.by),
                   .reason = std::move(document.reason),
                   .changes = visible_changes(std::move(document.changes), principal),
                   .warnings = std::nullopt};
  if (!document.warnings.empty() && principal.sees("*"))
    view.warnings = std::move(document.warnings);
  return view;
}

/// Takes out the tenants that the caller does not see.
void hide_others(json::value& policy, const Principal& principal) {
  auto* document = policy.if_object();
  auto* tenants = document ? document->if_contains("tenants") : nullptr;
  if (!tenants || !tenants->is_object()) return;
  json::object visible;
  for (auto& [name, tenant] : tenants->get_object())
    if (principal.sees({name.data(), name.size()})) visible.emplace(name, std::move(tenant));
  *tenants = std::move(visible);
}

std::string tag_of(std::uint64_t version) {
  return fmt::format("\"{}\"", version);
}

template <class View>
http::Response tagged(const View& view) {
  auto response = ok_json(view);
  response.headers.emplace_back("ETag", tag_of(view.version));
  return response;
}

Result<PolicyChoice> choice_of(const http::Query& query) {
  PolicyChoice choice;
  if (const auto text = http::value_of(query, "version")) {
    std::uint64_t version = 0;
    const auto* end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, version);
    if (error != std::errc{} || rest != end)
      return fail(Errc::invalid_input, "version is a whole number");
    choice.version = version;
  }
  if (const auto text = http::value_of(query, "at")) {
    const auto at = parse_rfc3339(*text);
    if (!at) return fail(Errc::invalid_input, "at: " + at.error().detail);
    choice.at = *at;
  }
  if (choice.version && choice.at) return fail(Errc::invalid_input, "give version or at, not both");
  return choice;
}

Task<http::Response> show(Backend& backend, Asked asked) {
  const auto choice = choice_of(asked.routed.query);
  if (!choice) co_return std::unexpected{choice.error()};
  auto document = co_await backend.policy(*choice);
  if (!document) co_return std::unexpected{document.error()};
  PolicyView view{.version = document->version,
                  .hash = std::move(document->hash),
                  .adopted_at = document->adopted_at,
                  .by = std::move(document->by),
                  .reason = std::move(document->reason),
                  .changes = visible_changes(std::move(document->changes), asked.principal),
                  .policy = std::move(document->policy),
                  .text = std::nullopt};
  hide_others(view.policy, asked.principal);
  if (asked.principal.sees("*")) view.text = std::move(document->text);
  co_return tagged(view);
}

Task<http::Response> history(Backend& backend, Asked asked) {
  auto query = list_query(asked, AllTenants::allowed);
  // Versions are not a tenant's: a token with several needs to name none.
  if (!query) co_return std::unexpected{query.error()};
  auto page = co_await backend.policy_history(*std::move(query));
  if (!page) co_return std::unexpected{page.error()};
  co_return ok_page(*page, [&](std::string& out, PolicyDocument document) {
    append_json(out, view_of(std::move(document), asked.principal));
  });
}

PolicyAuthor author_of(const Asked& asked, std::string reason) {
  PolicyAuthor author{.by = asked.principal.actor(), .reason = std::move(reason), .expected = {}};
  if (const auto* match = http::find(asked.routed.request.headers, "If-Match");
      match && *match != "*") {
    author.expected = *match;
    std::erase(author.expected, '"');
  }
  return author;
}

using Change = std::move_only_function<Task<PolicyDocument>(PolicyAuthor)>;

/// Makes a change in the name of who asked for it, unless they looked at another version than the
/// one in force.
Task<http::Response> changed(Backend& backend, Asked asked, std::string reason, Change change) {
  auto author = author_of(asked, std::move(reason));
  if (!author.expected.empty()) {
    const auto current = co_await backend.policy({});
    if (!current) co_return std::unexpected{current.error()};
    if (author.expected != current->hash && author.expected != fmt::to_string(current->version)) {
      auto response = refuse(
          412,
          fmt::format("version {} is in force by now; look at it and try again", current->version));
      response.headers.emplace_back("ETag", tag_of(current->version));
      co_return std::move(response);
    }
  }
  auto made = co_await change(std::move(author));
  if (!made) co_return std::unexpected{made.error()};
  co_return tagged(view_of(*std::move(made), asked.principal));
}

Task<http::Response> set_tier(Backend& backend, Asked asked) {
  auto body = body_of<TierBody>(asked.routed.request);
  if (!body) co_return std::unexpected{body.error()};
  if (body->tenant.empty() || !body->tier)
    co_return refuse(400, "tenant, tier (L0 to L4) and reason are needed");
  if (!asked.principal.sees(body->tenant)) co_return refuse(403, "this token has no such tenant");
  Change change = [&backend, tenant = std::move(body->tenant), tier = *body->tier](
                      PolicyAuthor author) mutable {
    return backend.set_tier(std::move(tenant), tier, std::move(author));
  };
  co_return co_await changed(backend, std::move(asked), std::move(body->reason), std::move(change));
}

Task<http::Response> replace(Backend& backend, Asked asked) {
  if (!asked.principal.sees("*"))
    co_return refuse(403, "the whole file is changed by those who see all tenants");
  if (!http::find(asked.routed.request.headers, "If-Match"))
    co_return refuse(428,
                     "say which version you changed: If-Match with the ETag of GET /v1/policy");
  if (asked.routed.request.body.empty()) co_return refuse(400, "the body is the policy file");
  std::string reason{http::value_of(asked.routed.query, "reason").value_or("")};
  Change change = [&backend,
                   text = std::move(asked.routed.request.body)](PolicyAuthor author) mutable {
    return backend.replace_policy(std::move(text), std::move(author));
  };
  co_return co_await changed(backend, std::move(asked), std::move(reason), std::move(change));
}

/// What is to be switched, as far as it makes sense. Errors: invalid_input.
Result<KillSwitchOrder> order_of(KillBody& body) {
  if (!body.scope || !body.on)
    return fail(Errc::invalid_input, "scope, on (true or false) and reason are needed");
  KillSwitchOrder order{
      .scope = *body.scope, .tenant = body.tenant.value_or(""), .name = {}, .on = *body.on};
  const bool by_connector = order.scope == KillScope::connector;
  const bool by_verb = order.scope == KillScope::verb;
  if (by_connector) order.name = body.connector.value_or("");
  if (by_verb) order.name = body.verb.value_or("");
  if ((by_connector || by_verb) && order.name.empty())
    return fail(Errc::invalid_input, fmt::format("name the {}", by_verb ? "verb" : "connector"));
  if ((body.connector && !by_connector) || (body.verb && !by_verb) ||
      (body.tenant && order.scope == KillScope::global))
    return fail(Errc::invalid_input, "it names more than its scope speaks of");
  if (order.scope == KillScope::tenant && order.tenant.empty())
    return fail(Errc::invalid_input, "name the tenant");
  return order;
}

Task<http::Response> kill(Backend& backend, Asked asked) {
  auto body = body_of<KillBody>(asked.routed.request);
  if (!body) co_return std::unexpected{body.error()};
  auto order = order_of(*body);
  if (!order) co_return std::unexpected{order.error()};
  if (!asked.principal.sees(order->tenant.empty() ? "*" : order->tenant))
    co_return refuse(403, "this token does not see all tenants that this would stop");
  Change change = [&backend, order = *std::move(order)](PolicyAuthor author) mutable {
    return backend.kill_switch(std::move(order), std::move(author));
  };
  co_return co_await changed(backend, std::move(asked), std::move(body->reason), std::move(change));
}

std::vector<Answers> changes_policy() {
  return {{.description = "the version that holds for every decision from now on",
           .schema = schema_of<VersionView>()},
          {.status = 409, .description = "the policy file cannot be written", .schema = {}},
          {.status = 412, .description = "If-Match names another version", .schema = {}}};
}

}  // namespace

Endpoints policy_endpoints(Backend& backend) {
  const json::object text{{"type", "string"}};
  auto replaced = changes_policy();
  replaced.push_back({.status = 428, .description = "If-Match is needed", .schema = {}});
  return {
      {.method = "GET",
       .path = "/v1/policy",
       .id = "showPolicy",
       .summary = "The policy in force or an earlier version, as far as the token's tenants go",
       .role = Role::viewer,
       .query = {{.name = "version", .description = "this one", .schema = {{"type", "integer"}}},
                 {.name = "at",
                  .description = "the one that was in force then",
                  .schema = schema_of<Time>()}},
       .body = {},
       .answers = {{.description = "the policy, its version (also as ETag), author and reason",
                    .schema = schema_of<PolicyView>()}},
       .handle = [&backend](Asked asked) { return show(backend, std::move(asked)); }},
      {.method = "GET",
       .path = "/v1/policy/history",
       .id = "listPolicyVersions",
       .summary = "Every version with its author, reason and difference, newest first",
       .role = Role::viewer,
       .query = list_parameters({}),
       .body = {},
       .answers = {{.description = "a page of versions",
                    .schema = page_of(schema_of<VersionView>())}},
       .handle = [&backend](Asked asked) { return history(backend, std::move(asked)); }},
      {.method = "PUT",
       .path = "/v1/policy",
       .id = "replacePolicy",
       .summary = "Replaces the policy file; the body is the file, YAML or JSON; needs If-Match",
       .role = Role::admin,
       .query = {{.name = "reason", .description = "why; needed", .schema = text}},
       .body = {{"type", "object"}},
       .answers = replaced,
       .handle = [&backend](Asked asked) { return replace(backend, std::move(asked)); }},
      {.method = "POST",
       .path = "/v1/policy/tier",
       .id = "setTier",
       .summary = "Turns the dial of one tenant; holds for the next decision",
       .role = Role::admin,
       .query = {},
       .body = schema_of<TierBody>(),
       .answers = changes_policy(),
       .handle = [&backend](Asked asked) { return set_tier(backend, std::move(asked)); }},
      {.method = "POST",
       .path = "/v1/policy/kill-switch",
       .id = "switchKill",
       .summary = "Blocks everything, or a tenant, connector or verb, at once; or ends that",
       .role = Role::admin,
       .query = {},
       .body = schema_of<KillBody>(),
       .answers = changes_policy(),
       .handle = [&backend](Asked asked) { return kill(backend, std::move(asked)); }}};
}

}  // namespace sallyport::serve
