#include "connectors/manifest/request.hpp"

#include "connectors/manifest/xml.hpp"

#include <algorithm>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::string_view user_agent = "sallyport/" SALLYPORT_VERSION;

Result<std::string> target_of(const RequestPlan& plan,
                              const http::Url& base,
                              const json::value& facts) {
  http::TargetBuilder target{base.target == "/" ? std::string_view{} : base.target};
  for (const auto& segment : plan.segments) {
    const auto text = segment.text(facts);
    if (!text) return std::unexpected{text.error()};
    if (!*text) return fail(Errc::invalid_input, "a part of the path has no value");
    target.segment(**text);
  }
  if (plan.slash_at_end) target.slash();
  for (const auto& [name, value] : plan.query) {
    const auto text = value.text(facts);
    if (!text) return std::unexpected{text.error()};
    if (*text) target.query(name, **text);
  }
  return target.text();
}

Result<std::string> form_of(const std::vector<FormField>& fields, const json::value& facts) {
  std::string body;
  for (const auto& field : fields) {
    const auto value = field.value.render(facts);
    if (!value) return std::unexpected{value.error()};
    if (!*value) continue;
    auto text = field.kind == FormField::Kind::json  ? Result<std::string>{to_json(**value)}
                : field.kind == FormField::Kind::xml ? to_xml(**value)
                                                     : text_of_scalar(**value);
    if (!text) return text;
    if (!body.empty()) body += '&';
    body += http::percent_encoded(field.name) + '=' + http::percent_encoded(*text);
  }
  return body;
}

Result<> add_body(const RequestPlan& plan, const json::value& facts, http::Request& request) {
  const auto typed = [&](std::string type, Result<std::string> body) -> Result<> {
    if (!body) return std::unexpected{body.error()};
    request.headers.emplace_back("Content-Type", std::move(type));
    request.body = *std::move(body);
    return {};
  };
  if (plan.has_form) return typed("application/x-www-form-urlencoded", form_of(plan.form, facts));
  const auto& tree = plan.json_body ? plan.json_body : plan.xml_body;
  if (!tree) return {};
  const auto made = tree->render(facts);
  if (!made) return std::unexpected{made.error()};
  if (!*made) return fail(Errc::invalid_input, "the body has no value");
  if (plan.json_body) return typed(plan.content_type, to_json(**made));
  return typed("application/xml", to_xml(**made));
}

}  // namespace

Result<http::Request> build(const RequestPlan& plan,
                            const http::Url& base,
                            const json::value& facts) {
  auto target = target_of(plan, base, facts);
  if (!target) return std::unexpected{target.error()};
  http::Request request{.method = std::string{name_of(plan.method)},
                        .target = *std::move(target),
                        .headers = {{"User-Agent", std::string{user_agent}}},
                        .body = {}};
  const auto has = [&](std::string_view name) { return http::find(request.headers, name); };
  for (const auto& [name, value] : plan.headers) {
    auto text = value.text(facts);
    if (!text) return std::unexpected{text.error()};
    if (*text) request.headers.emplace_back(name, **std::move(text));
  }
  if (!has("Accept") && (plan.accept == Accept::json || plan.accept == Accept::xml))
    request.headers.emplace_back(
        "Accept", plan.accept == Accept::json ? "application/json" : "application/xml");
  if (auto ok = add_body(plan, facts, request); !ok) return std::unexpected{ok.error()};
  return request;
}

std::string with_query(std::string target, std::string_view name, std::string_view value) {
  target += target.contains('?') ? '&' : '?';
  target += http::percent_encoded(name);
  target += '=';
  target += http::percent_encoded(value);
  return target;
}

Result<std::string> with_query_replaced(std::string_view target,
                                        std::string_view name,
                                        std::string_view value) {
  const auto parsed = http::parse_target(target);
  if (!parsed) return std::unexpected{parsed.error()};
  std::string out{target.substr(0, target.find('?'))};
  for (const auto& [key, text] : parsed->query)
    if (key != name) out = with_query(std::move(out), key, text);
  return with_query(std::move(out), name, value);
}

}  // namespace sallyport::connectors::manifest
