#include "engine/serve/action_endpoints.hpp"

#include "engine/gate/request_reader.hpp"
#include "engine/serve/schema.hpp"

namespace sallyport::serve {

namespace {

struct TargetBody {
  std::string kind;
  std::string value;
};
BOOST_DESCRIBE_STRUCT(TargetBody, (), (kind, value))

/// What a person may say of an action; who asks and for whom is known from the token.
struct ActionBody {
  std::string action;
  TargetBody target;
  std::optional<json::object> parameters;
  std::optional<std::string> comment;
};
BOOST_DESCRIBE_STRUCT(ActionBody, (), (action, target, parameters, comment))

http::Response created(const model::Action& action) {
  auto response = ok_json(action, 201);
  response.headers.emplace_back("Location", "/v1/actions/" + action.id.text());
  return response;
}

Task<http::Response> list_actions(Backend& backend, Asked asked) {
  auto list = list_query(asked, AllTenants::allowed);
  if (!list) co_return std::unexpected{list.error()};
  const auto state = enum_parameter<model::ActionState>(asked, "state");
  if (!state) co_return std::unexpected{state.error()};
  ActionQuery query{.list = *std::move(list), .state = *state, .investigation = {}};
  if (const auto id = http::value_of(asked.routed.query, "investigation"))
    query.investigation = *id;
  const auto page = co_await backend.actions(std::move(query));
  if (!page) co_return std::unexpected{page.error()};
  co_return ok_page(*page, append_json<model::Action>);
}

/// The action that the path names, if this caller may know of it.
Task<model::Action> visible_action(Backend& backend, const Asked& asked) {
  auto action = co_await backend.action(asked.routed.parameter("id"));
  if (action && !asked.principal.sees(action->tenant))
    co_return fail(Errc::not_found, "no such action");
  co_return std::move(action);
}

Task<http::Response> show_action(Backend& backend, Asked asked) {
  const auto action = co_await visible_action(backend, asked);
  if (!action) co_return std::unexpected{action.error()};
  co_return ok_json(*action);
}

Task<http::Response> propose(Backend& backend, Asked asked) {
  auto tenant = tenant_of(asked, AllTenants::refused);
  if (!tenant) co_return std::unexpected{tenant.error()};
  auto body = body_of<ActionBody>(asked.routed.request);
  if (!body) co_return std::unexpected{body.error()};
  if (body->action.empty() || !gate::is_plain_name(body->target.kind) ||
      !gate::is_plain_name(body->target.value))
    co_return refuse(400,
                     "action, target.kind and target.value are needed, without space around them "
                     "or control characters");
  model::ActionRequest request{.tenant = *std::move(tenant),
                               .action = std::move(body->action),
                               .target = {.kind = std::move(body->target.kind),
                                          .value = std::move(body->target.value),
                                          .tags = {}},
                               .confidence = 1.0,  // a person asks
                               .requested_by = asked.principal.actor(),
                               .parameters = std::move(body->parameters).value_or(json::object{}),
                               .context = {},
                               .grounded = true};
  if (body->comment) request.context["comment"] = *body->comment;
  const auto action = co_await backend.propose(std::move(request));
  if (!action) co_return std::unexpected{action.error()};
  co_return created(*action);
}

Task<http::Response> roll_back(Backend& backend, Asked asked) {
  const auto action = co_await visible_action(backend, asked);
  if (!action) co_return std::unexpected{action.error()};
  const auto inverse =
      co_await backend.roll_back(asked.routed.parameter("id"), asked.principal.actor());
  if (!inverse) co_return std::unexpected{inverse.error()};
  co_return created(*inverse);
}

/// Exactly one of the first three.
struct RollbackBody {
  std::optional<std::string> action;
  std::optional<std::string> investigation;
  std::optional<Time> since;
  std::optional<bool> preview;
};
BOOST_DESCRIBE_STRUCT(RollbackBody, (), (action, investigation, since, preview))

constexpr std::size_t most_rollbacks = 1000;

Task<http::Response> roll_back_all(Backend& backend, Asked asked) {
  auto tenant = tenant_of(asked, AllTenants::allowed);
  if (!tenant) co_return std::unexpected{tenant.error()};
  auto body = body_of<RollbackBody>(asked.routed.request);
  if (!body) co_return std::unexpected{body.error()};
  const auto scopes =
      body->action.has_value() + body->investigation.has_value() + body->since.has_value();
  const bool empty = (body->action && body->action->empty()) ||
                     (body->investigation && body->investigation->empty());
  if (scopes != 1 || empty)
    co_return refuse(400, "say what to undo: one of action, investigation and since");
  const auto report =
      co_await backend.roll_back_all({.tenant = *std::move(tenant),
                                      .action = std::move(body->action).value_or(""),
                                      .investigation = std::move(body->investigation).value_or(""),
                                      .since = body->since,
                                      .preview = body->preview.value_or(false),
                                      .limit = most_rollbacks,
                                      .by = asked.principal.actor()});
  if (!report) co_return std::unexpected{report.error()};
  co_return ok_json(*report);
}

std::vector<Answers> creates(std::string description) {
  return {
      {.status = 201, .description = std::move(description), .schema = schema_of<model::Action>()},
      {.status = 409, .description = "one like it is open, or it cannot be undone", .schema = {}}};
}

}  // namespace

Endpoints action_endpoints(Backend& backend) {
  return {{.method = "GET",
           .path = "/v1/actions",
           .id = "listActions",
           .summary = "Actions, newest first",
           .role = Role::viewer,
           .query = list_parameters({{.name = "state",
                                      .description = "where they stand",
                                      .schema = schema_of<model::ActionState>()},
                                     {.name = "investigation",
                                      .description = "what they came from",
                                      .schema = {{"type", "string"}}}}),
           .body = {},
           .answers = {{.description = "a page of actions",
                        .schema = page_of(schema_of<model::Action>())}},
           .handle = [&backend](Asked asked) { return list_actions(backend, std::move(asked)); }},
          {.method = "GET",
           .path = "/v1/actions/{id}",
           .id = "showAction",
           .summary = "One action with its decision, rollback record, outcome and verification",
           .role = Role::viewer,
           .query = {},
           .body = {},
           .answers = {{.description = "the action", .schema = schema_of<model::Action>()}},
           .handle = [&backend](Asked asked) { return show_action(backend, std::move(asked)); }},
          {.method = "POST",
           .path = "/v1/actions",
           .id = "proposeAction",
           .summary = "A person's own action; it passes the same gate as every other",
           .role = Role::analyst,
           .query = {{.name = "tenant",
                      .description = "for tokens with several tenants",
                      .schema = {{"type", "string"}}}},
           .body = schema_of<ActionBody>(),
           .answers = creates("the action as the gate decided it"),
           .handle = [&backend](Asked asked) { return propose(backend, std::move(asked)); }},
          {.method = "POST",
           .path = "/v1/actions/{id}/rollback",
           .id = "rollBackAction",
           .summary = "Undoes an action by another one, which passes the gate",
           .role = Role::analyst,
           .query = {},
           .body = {},
           .answers = creates("the action that undoes it, as the gate decided it"),
           .handle = [&backend](Asked asked) { return roll_back(backend, std::move(asked)); }},
          {.method = "POST",
           .path = "/v1/actions/rollback",
           .id = "rollBackActions",
           .summary = "Undoes one action, what an investigation did, or all since a time, the last "
                      "first; each passes the gate. `preview`: only say what would be done",
           .role = Role::analyst,
           .query = {{.name = "tenant",
                      .description = "only what is of this tenant",
                      .schema = {{"type", "string"}}}},
           .body = schema_of<RollbackBody>(),
           .answers = {{.description = "what is undone, in that order, and what cannot be and why",
                        .schema = schema_of<RollbackReport>()}},
           .handle = [&backend](Asked asked) { return roll_back_all(backend, std::move(asked)); }}};
}

}  // namespace sallyport::serve
