#include "tools/lab/vendors/desks.hpp"

#include <algorithm>

namespace sallyport::lab {

http::Response ServiceNowLab::answer(const VendorRequest& request) {
  const auto error = [](int status, std::string_view message) {
    return json_answer(status,
                       {{"error", {{"message", message}, {"detail", ""}}}, {"status", "failure"}});
  };
  // lab-user:lab-password
  if (request.header("Authorization") != "Basic bGFiLXVzZXI6bGFiLXBhc3N3b3Jk")
    return error(401, "User Not Authenticated");
  if (request.is("GET", {"api", "now", "table", "incident"})) {
    const auto query = request.parameter("sysparm_query");
    const auto equals = query.find('=');
    // `^` begins another condition in this language; one is all that is asked.
    if (equals == std::string::npos || query.contains('^')) return error(400, "Invalid query");
    const auto field = query.substr(0, equals);
    const auto value = query.substr(equals + 1);
    json::array found;
    for (const auto& incident : incidents) {
      if (field == "number" ? incident.number != value
                            : text_in(json::value(incident.fields), field) != value)
        continue;
      found.push_back(json::object{
          {"sys_id", incident.sys_id},
          {"number", incident.number},
          {"short_description", text_in(json::value(incident.fields), "short_description")}});
    }
    return json_answer(200, json::object{{"result", std::move(found)}});
  }
  const auto body = request.json();
  if (request.is("POST", {"api", "now", "table", "incident"})) {
    if (!body || text_in(*body, "short_description").empty()) return error(400, "Invalid payload");
    incidents.push_back({.sys_id = fmt::format("{:032x}", incidents.size()),
                         .number = fmt::format("INC{:07}", incidents.size() + 1),
                         .fields = body->as_object()});
    return json_answer(
        201,
        {{"result", {{"sys_id", incidents.back().sys_id}, {"number", incidents.back().number}}}});
  }
  if (request.is("PATCH", {"api", "now", "table", "incident", "*"})) {
    const auto found = std::ranges::find(incidents, request.path[4], &Incident::sys_id);
    if (found == incidents.end()) return error(404, "No Record found");
    if (!body || text_in(*body, "work_notes").empty()) return error(400, "Invalid payload");
    found->notes.push_back(text_in(*body, "work_notes"));
    return json_answer(200, {{"result", {{"sys_id", found->sys_id}}}});
  }
  return error(404, "Requested URI does not represent any resource");
}

http::Response JiraLab::answer(const VendorRequest& request) {
  const auto error = [](int status, std::string_view message) {
    json::array messages;
    messages.emplace_back(message);
    return json_answer(
        status, json::object{{"errorMessages", std::move(messages)}, {"errors", json::object{}}});
  };
  // lab-user:lab-jira-token
  if (request.header("Authorization") != "Basic bGFiLXVzZXI6bGFiLWppcmEtdG9rZW4=")
    return error(401, "Client must be authenticated");
  if (request.is("GET", {"rest", "api", "3", "search", "jql"})) {
    const auto jql = request.parameter("jql");
    const auto label = jql.find("labels = \"");
    if (!jql.starts_with("project = \"SOC\" AND ") || label == std::string::npos ||
        std::ranges::count(jql, '"') != 4)
      return error(400, "Error in the JQL query");
    const auto wanted = jql.substr(label + 10, jql.size() - label - 11);
    json::array found;
    for (const auto& issue : issues) {
      const auto* labels = issue.fields.if_contains("labels");
      if (labels &&
          std::ranges::find(labels->as_array(), json::value(wanted)) != labels->as_array().end())
        found.push_back(json::object{{"key", issue.key},
                                     {"fields", {{"summary", issue.fields.at("summary")}}}});
    }
    return json_answer(200, json::object{{"issues", std::move(found)}});
  }
  const auto body = request.json();
  if (request.is("POST", {"rest", "api", "3", "issue"})) {
    const auto* object = body ? body->if_object() : nullptr;
    const auto* fields = object ? object->if_contains("fields") : nullptr;
    const bool whole = fields && fields->is_object() && !text_in(*fields, "summary").empty() &&
                       fields->get_object().contains("project") &&
                       fields->get_object().contains("issuetype") &&
                       text_in(fields->get_object().at("description"), "type") == "doc";
    if (!whole) return error(400, "a field is missing");
    issues.push_back(
        {.key = fmt::format("SOC-{}", issues.size() + 1), .fields = fields->get_object()});
    return json_answer(201, {{"id", "10000"}, {"key", issues.back().key}});
  }
  const auto found = request.path.size() >= 5
                         ? std::ranges::find(issues, request.path[4], &Issue::key)
                         : issues.end();
  if (found == issues.end())
    return error(404, "Issue does not exist or you do not have permission to see it.");
  if (request.is("GET", {"rest", "api", "3", "issue", "*"}))
    return json_answer(200, {{"key", found->key}, {"fields", {{"status", {{"name", "To Do"}}}}}});
  if (request.is("POST", {"rest", "api", "3", "issue", "*", "comment"})) {
    if (!body || !body->as_object().contains("body") ||
        text_in(body->as_object().at("body"), "type") != "doc")
      return error(400, "Comment body is not valid!");
    found->comments.push_back(*body);
    return json_answer(201, {{"id", "10000"}});
  }
  return error(405, "Method Not Allowed");
}

http::Response PagerDutyLab::answer(const VendorRequest& request) {
  const auto refused = [](std::string_view what) {
    json::array errors;
    errors.emplace_back(what);
    return json_answer(400,
                       json::object{{"status", "invalid event"},
                                    {"message", "Event object is invalid"},
                                    {"errors", std::move(errors)}});
  };
  if (!request.is("POST", {"v2", "enqueue"})) return {.status = 404};
  const auto body = request.json();
  if (!body || text_in(*body, "routing_key") != "lab-routing-key")
    return refused("'routing_key' is invalid");
  const auto* payload = body->as_object().if_contains("payload");
  const auto severity = payload ? text_in(*payload, "severity") : "";
  if (text_in(*body, "event_action") != "trigger" || !payload ||
      text_in(*payload, "summary").empty() || text_in(*payload, "source").empty())
    return refused("'payload' is incomplete");
  if (severity != "critical" && severity != "error" && severity != "warning" && severity != "info")
    return refused("'payload.severity' is invalid");
  const auto key = text_in(*body, "dedup_key");
  keys.push_back(key);
  if (std::ranges::find(dedup_keys, key) == dedup_keys.end()) dedup_keys.push_back(key);
  return json_answer(202,
                     {{"status", "success"}, {"message", "Event processed"}, {"dedup_key", key}});
}

http::Response SlackLab::answer(const VendorRequest& request) {
  const auto refused = [](std::string_view what) {
    return json_answer(200, {{"ok", false}, {"error", what}});
  };
  if (!request.is("POST", {"api", "chat.postMessage"})) return refused("unknown_method");
  if (request.header("Authorization") != "Bearer lab-slack-token") return refused("invalid_auth");
  const auto body = request.json();
  if (!body) return refused("invalid_json");
  if (text_in(*body, "channel") != "C0SOC") return refused("channel_not_found");
  if (text_in(*body, "text").empty()) return refused("no_text");
  messages.push_back(text_in(*body, "text"));
  return json_answer(200,
                     {{"ok", true},
                      {"channel", "C0SOC"},
                      {"ts", fmt::format("1700000000.{:06}", messages.size())}});
}

}  // namespace sallyport::lab
