#include "engine/serve/approval_endpoints.hpp"

#include "engine/serve/schema.hpp"

namespace sallyport::serve {

namespace {

/// An approval with all that there is to see before answering it.
struct ApprovalView {
  ApprovalId id;
  std::string tenant;
  model::ApprovalState state = model::ApprovalState::pending;
  std::string request_hash;  ///< To be sent back with the answer.
  model::ActionRequest request;
  model::Decision decision;
  std::string investigation;
  std::vector<std::string> evidence;
  ActionId action;
  Time created_at;
  Time expires_at;
  std::optional<model::Actor> decided_by;
  std::optional<Time> decided_at;
  std::string comment;
};
BOOST_DESCRIBE_STRUCT(ApprovalView,
                      (),
                      (id,
                       tenant,
                       state,
                       request_hash,
                       request,
                       decision,
                       investigation,
                       evidence,
                       action,
                       created_at,
                       expires_at,
                       decided_by,
                       decided_at,
                       comment))

struct DenialBody {
  std::string request_hash;
  std::optional<std::string> comment;
};
BOOST_DESCRIBE_STRUCT(DenialBody, (), (request_hash, comment))

struct ApprovalBody {
  std::string request_hash;
  std::optional<std::string> comment;
  std::optional<json::object> with;  ///< Parameters that are to be others; null takes one away.
};
BOOST_DESCRIBE_STRUCT(ApprovalBody, (), (request_hash, comment, with))

ApprovalView view_of(const Question& question) {
  const auto& [approval, action] = question;
  return {.id = approval.id,
          .tenant = approval.tenant,
          .state = approval.state,
          .request_hash = approval.request_hash,
          .request = action.request,
          .decision = action.decision,
          .investigation = action.investigation,
          .evidence = action.evidence,
          .action = approval.action,
          .created_at = approval.created_at,
          .expires_at = approval.expires_at,
          .decided_by = approval.decided_by,
          .decided_at = approval.decided_at,
          .comment = approval.comment};
}

Task<http::Response> list_approvals(Backend& backend, Asked asked) {
  auto list = list_query(asked, AllTenants::allowed);
  if (!list) co_return std::unexpected{list.error()};
  ApprovalQuery query{.list = *std::move(list), .state = model::ApprovalState::pending};
  if (http::value_of(asked.routed.query, "state") == "all") {
    query.state.reset();
  } else {
    const auto state = enum_parameter<model::ApprovalState>(asked, "state");
    if (!state) co_return std::unexpected{state.error()};
    if (*state) query.state = *state;
  }
  const auto page = co_await backend.approvals(std::move(query));
  if (!page) co_return std::unexpected{page.error()};
  co_return ok_page(*page, [](std::string& out, const Question& question) {
    append_json(out, view_of(question));
  });
}

/// The approval that the path names, if this caller may know of it.
Task<Question> visible_approval(Backend& backend, const Asked& asked) {
  auto question = co_await backend.approval(asked.routed.parameter("id"));
  if (question && !asked.principal.sees(question->approval.tenant))
    co_return fail(Errc::not_found, "no such approval");
  co_return std::move(question);
}

Task<http::Response> show_approval(Backend& backend, Asked asked) {
  const auto question = co_await visible_approval(backend, asked);
  if (!question) co_return std::unexpected{question.error()};
  co_return ok_json(view_of(*question));
}

using Rule = Task<model::Action> (Backend::*)(std::string, Ruling);

template <class Body>
Task<http::Response> rule(Backend& backend, Rule how, Asked asked) {
  auto body = body_of<Body>(asked.routed.request);
  if (!body) co_return std::unexpected{body.error()};
  if (body->request_hash.empty())
    co_return refuse(400, "request_hash is missing: the hash of the request that you were shown");
  const auto question = co_await visible_approval(backend, asked);
  if (!question) co_return std::unexpected{question.error()};
  auto ruling = Ruling{.request_hash = std::move(body->request_hash),
                       .by = asked.principal.actor(),
                       .comment = std::move(body->comment).value_or("")};
  if constexpr (std::same_as<Body, ApprovalBody>) ruling.with = std::move(body->with);
  const auto action = co_await (backend.*how)(asked.routed.parameter("id"), std::move(ruling));
  // Here `expired` is the approval's own state, not a deadline of ours.
  if (!action && action.error().code == Errc::expired) co_return refuse(410, action.error().detail);
  if (!action) co_return std::unexpected{action.error()};
  co_return ok_json(*action);
}

template <class Body>
Endpoint ruling_endpoint(Backend& backend, std::string verb, std::string summary, Rule how) {
  return {.method = "POST",
          .path = "/v1/approvals/{id}/" + verb,
          .id = verb,
          .summary = std::move(summary),
          .role = Role::approver,
          .query = {},
          .body = schema_of<Body>(),
          .answers = {{.description = "the action as it stands now",
                       .schema = schema_of<model::Action>()},
                      {.status = 409,
                       .description = "decided before, or not the request that was shown",
                       .schema = {}},
                      {.status = 410, .description = "its time is over", .schema = {}}},
          .handle = [&backend, how](Asked asked) {
            return rule<Body>(backend, how, std::move(asked));
          }};
}

}  // namespace

Endpoints approval_endpoints(Backend& backend) {
  auto states = schema_of<model::ApprovalState>();
  states["enum"].as_array().emplace_back("all");
  states["default"] = "pending";
  return {{.method = "GET",
           .path = "/v1/approvals",
           .id = "listApprovals",
           .summary = "What waits for a person, oldest first",
           .role = Role::viewer,
           .query = list_parameters(
               {{.name = "state", .description = "which ones", .schema = std::move(states)}}),
           .body = {},
           .answers = {{.description = "a page of approvals",
                        .schema = page_of(schema_of<ApprovalView>())}},
           .handle = [&backend](Asked asked) { return list_approvals(backend, std::move(asked)); }},
          {.method = "GET",
           .path = "/v1/approvals/{id}",
           .id = "showApproval",
           .summary = "One approval with the exact request it is about",
           .role = Role::viewer,
           .query = {},
           .body = {},
           .answers = {{.description = "the approval", .schema = schema_of<ApprovalView>()}},
           .handle = [&backend](Asked asked) { return show_approval(backend, std::move(asked)); }},
          ruling_endpoint<ApprovalBody>(
              backend,
              "approve",
              "Lets the action go, if the policy of this moment does; nobody approves what they "
              "proposed themselves. `with` changes parameters first: what is approved is then the "
              "changed request, whose hash is in the answer",
              &Backend::approve),
          ruling_endpoint<DenialBody>(
              backend, "deny", "Ends the action before it begins", &Backend::deny)};
}

}  // namespace sallyport::serve
