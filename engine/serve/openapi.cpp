#include "engine/serve/openapi.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::serve {

namespace {

json::object problem_schema() {
  const json::object text{{"type", "string"}};
  return {{"type", "object"},
          {"properties",
           json::object{{"type", text},
                        {"title", text},
                        {"status", json::object{{"type", "integer"}}},
                        {"detail", text}}},
          {"required", json::array{"type", "title", "status"}}};
}

json::object problem_answer(std::string_view description) {
  const json::object media{{"schema", json::object{{"$ref", "#/components/schemas/Problem"}}}};
  return {{"description", description},
          {"content", json::object{{"application/problem+json", media}}}};
}

json::array parameters_of(const Endpoint& endpoint) {
  json::array parameters;
  std::string_view path = endpoint.path;
  for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{')) {
    const auto close = path.find('}', open);
    parameters.push_back(json::object{{"name", path.substr(open + 1, close - open - 1)},
                                      {"in", "path"},
                                      {"required", true},
                                      {"schema", json::object{{"type", "string"}}}});
    path.remove_prefix(close);
  }
  for (const auto& parameter : endpoint.query) {
    parameters.push_back(json::object{{"name", parameter.name},
                                      {"in", "query"},
                                      {"description", parameter.description},
                                      {"schema", parameter.schema}});
  }
  if (endpoint.method == "POST" && endpoint.role)
    parameters.push_back(
        json::object{{"name", "Idempotency-Key"},
                     {"in", "header"},
                     {"description",
                      "a repetition with the same key gets the first answer, for a day where the "
                      "settings say nothing else"},
                     {"schema", json::object{{"type", "string"}, {"maxLength", 255}}}});
  return parameters;
}

json::object answers_of(const Endpoint& endpoint) {
  json::object answers;
  for (const auto& answer : endpoint.answers) {
    const auto status = fmt::format("{}", answer.status);
    if (answer.status >= 400) {
      answers[status] = problem_answer(answer.description);
      continue;
    }
    json::object described{{"description", answer.description}};
    if (!answer.schema.empty() || answer.content_type != "application/json") {
      json::object media;
      if (!answer.schema.empty()) media["schema"] = answer.schema;
      described["content"] = json::object{{answer.content_type, std::move(media)}};
    }
    answers[status] = std::move(described);
  }
  if (endpoint.role) {
    answers["401"] = problem_answer("no token, or one that is not known");
    answers["403"] = problem_answer("the token's roles or tenants do not allow it, or policy");
    answers["400"] = problem_answer("malformed; `detail` says what");
    if (endpoint.path.find('{') != std::string::npos)
      answers["404"] = problem_answer("not there, or not this token's tenant");
  }
  return answers;
}

json::object operation_of(const Endpoint& endpoint) {
  json::object operation{{"operationId", endpoint.id}, {"summary", endpoint.summary}};
  if (auto parameters = parameters_of(endpoint); !parameters.empty())
    operation["parameters"] = std::move(parameters);
  if (!endpoint.body.empty()) {
    const json::object media{{"schema", endpoint.body}};
    operation["requestBody"] =
        json::object{{"required", true}, {"content", json::object{{"application/json", media}}}};
  }
  operation["responses"] = answers_of(endpoint);
  if (endpoint.role) {
    operation["security"] = json::array{json::object{{"bearer", json::array{}}}};
    operation["x-role"] = name_of(*endpoint.role);
  } else {
    operation["security"] = json::array{};
  }
  return operation;
}

}  // namespace

json::object openapi_document(const Endpoints& endpoints, std::string version) {
  json::object paths;
  for (const auto& endpoint : endpoints) {
    std::string method = endpoint.method;
    std::ranges::transform(
        method, method.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    auto& path = paths[endpoint.path];
    if (!path.is_object()) path = json::object{};
    path.get_object()[method] = operation_of(endpoint);
  }
  const json::object bearer{{"type", "http"}, {"scheme", "bearer"}};
  return {{"openapi", "3.1.0"},
          {"info",
           json::object{{"title", "Sallyport"},
                        {"version", std::move(version)},
                        {"description",
                         "SOC orchestration: alerts in, verdicts with evidence out, actions "
                         "through the gate."}}},
          {"paths", std::move(paths)},
          {"components",
           json::object{{"schemas", json::object{{"Problem", problem_schema()}}},
                        {"securitySchemes", json::object{{"bearer", bearer}}}}}};
}

}  // namespace sallyport::serve
