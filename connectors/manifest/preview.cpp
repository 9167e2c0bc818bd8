#include "connectors/manifest/connector.hpp"
#include "connectors/manifest/request.hpp"
#include "connectors/manifest/shown.hpp"

namespace sallyport::connectors::manifest {

namespace {

// What is not known yet stands in a request as a word that no encoding changes, until it is shown.
constexpr std::string_view mark = "~~";
constexpr std::string_view hidden = "~~secret~~";

std::string marked(std::string_view path) {
  return fmt::format("{0}{1}{0}", mark, path);
}

/// `~~state.id~~` as `${{ state.id }}`, `~~secret~~` as `***`.
std::string unmarked(std::string text) {
  for (auto begin = text.find(mark); begin != std::string::npos; begin = text.find(mark, begin)) {
    const auto end = text.find(mark, begin + mark.size());
    if (end == std::string::npos) break;
    const auto path = text.substr(begin + mark.size(), end - begin - mark.size());
    text.replace(begin,
                 end + mark.size() - begin,
                 path == "secret" ? std::string{"***"} : fmt::format("${{{{ {} }}}}", path));
  }
  return text;
}

/// The credential's place in `request`, filled with nothing that is one.
void apply_hidden(const AuthPlan& auth, http::Request& request) {
  const auto value = auth.prefix + std::string{hidden};
  switch (auth.kind) {
    case AuthKind::none:
    case AuthKind::mtls:
      return;
    case AuthKind::basic:
      request.headers.emplace_back("Authorization", fmt::format("Basic {}", hidden));
      return;
    case AuthKind::aws_sigv4:
      request.headers.emplace_back("Authorization", fmt::format("AWS4-HMAC-SHA256 {}", hidden));
      return;
    case AuthKind::hmac:
      for (const auto& [name, header] : auth.signature->headers)
        request.headers.emplace_back(name, hidden);
      return;
    case AuthKind::api_key:
    case AuthKind::bearer:
    case AuthKind::oauth2:
    case AuthKind::session:
      break;
  }
  if (!auth.member.empty()) {
    auto body = parse_json(request.body);
    if (!body || !body->is_object()) return;
    body->get_object()[auth.member] = value;
    request.body = to_json(*body);
  } else if (auth.query.empty()) {
    request.headers.emplace_back(auth.header, value);
  } else {
    request.target = with_query(std::move(request.target), auth.query, value);
  }
}

/// Puts a mark where the answer to `step` would put what it saves.
void mark_saved(const StepPlan& step, std::string_view where, json::value& facts) {
  auto& known = facts.as_object()[where].as_object();
  for (const auto& pick : step.save)
    if (!known.contains(pick.name))
      known.emplace(pick.name, marked(fmt::format("{}.{}", where, pick.name)));
}

}  // namespace

Result<std::vector<Planned>> Connector::preview(const act::Operation& operation) const {
  const auto plan = plan_of(operation);
  if (!plan) return std::unexpected{plan.error()};
  auto made = facts_of(**plan, operation);
  if (!made) return std::unexpected{made.error()};
  auto facts = *std::move(made);
  if (operation.idempotency_key.empty())
    facts.as_object()["run"].as_object()["id"] = marked("run.id");
  std::vector<Planned> planned;
  const auto add =
      [&](std::string phase, const StepPlan& step, const json::value& known) -> Result<> {
    const auto& base = wire_->base(step.request.endpoint);
    auto request = build(step.request, base, known);
    if (!request)
      return fail(request.error().code, fmt::format("{}: {}", step.id, request.error().detail));
    if (phase != "login") {
      apply_hidden(plan_->auth, *request);
    } else if (plan_->auth.login_basic) {
      request->headers.emplace_back("Authorization", fmt::format("Basic {}", hidden));
    }
    auto sent = shown(*std::move(request), base.origin, plan_->auth, {});
    sent.url = unmarked(std::move(sent.url));
    sent.body = unmarked(std::move(sent.body));
    for (auto& [name, value] : sent.headers) value = unmarked(std::move(value));
    planned.push_back({.phase = std::move(phase),
                       .step = step.id,
                       .conditional = step.when.has_value(),
                       .request = std::move(sent)});
    return {};
  };

  if (plan_->auth.login) {
    json::object secrets;
    for (const auto& name : plan_->secrets) secrets.emplace(name, hidden);
    const json::value known(json::object{{"secret", std::move(secrets)},
                                         {"options", options_},
                                         {"auth", json::object{{"assertion", hidden}}}});
    if (auto ok = add("login", *plan_->auth.login, known); !ok) return std::unexpected{ok.error()};
  }
  const auto preset = facts.at("state").as_object();
  for (const auto& step : (*plan)->state) {
    const auto known = [&](const PickPlan& pick) { return preset.contains(pick.name); };
    if (!step.save.empty() && std::ranges::all_of(step.save, known)) continue;
    if (auto ok = add("state", step, facts); !ok) return std::unexpected{ok.error()};
    mark_saved(step, "state", facts);
  }
  facts.as_object()["run"].as_object()["password"] = hidden;
  for (const auto& step : (*plan)->act) {
    if (auto ok = add("act", step, facts); !ok) return std::unexpected{ok.error()};
    mark_saved(step, "act", facts);
    if (!step.wait) continue;
    if (auto ok = add("wait", step.wait->look, facts); !ok) return std::unexpected{ok.error()};
  }
  if ((*plan)->wait)
    if (auto ok = add("wait", (*plan)->wait->look, facts); !ok) return std::unexpected{ok.error()};
  for (const auto& step : (*plan)->finally)
    if (auto ok = add("finally", step, facts); !ok) return std::unexpected{ok.error()};
  return planned;
}

}  // namespace sallyport::connectors::manifest
