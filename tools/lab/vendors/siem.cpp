#include "tools/lab/vendors/siem.hpp"

#include "engine/base/time.hpp"
#include "engine/match/encode.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sallyport::lab {

namespace {

bool is_window(std::string_view from, std::string_view to) {
  const auto begin = parse_rfc3339(from);
  const auto end = parse_rfc3339(to);
  return begin && end && *begin < *end;
}

/// Whether one of the values between the quotes of `query` is in the logs.
bool asks_for_logged(std::string_view query) {
  return std::ranges::any_of(
      std::array{Logged::host, Logged::user, Logged::ip, Logged::sha256},
      [&](std::string_view known) { return query.contains(fmt::format("\"{}\"", known)); });
}

std::string line_of(const std::string& hostile, int n) {
  return hostile.empty() ? fmt::format("sshd: failed password, attempt {}", n) : hostile;
}

http::Response splunk_error(int status, std::string_view type, std::string_view text) {
  json::array messages;
  messages.push_back(json::object{{"type", type}, {"text", text}});
  return json_answer(status, json::object{{"messages", std::move(messages)}});
}

http::Response elastic_error(int status, std::string_view type, std::string_view reason) {
  return json_answer(status,
                     json::object{{"error", json::object{{"type", type}, {"reason", reason}}},
                                  {"status", status}});
}

}  // namespace

http::Response SplunkLab::answer(const VendorRequest& request) {
  if (request.header("Authorization") != "Bearer lab-splunk-token")
    return splunk_error(401, "WARN", "call not properly authenticated");
  if (!request.is("POST", {"services", "search", "jobs"}))
    return splunk_error(404, "ERROR", "Not Found");
  const auto form = request.form();
  if (!form) return splunk_error(400, "FATAL", "Search not specified");
  const auto field = [&](std::string_view name) {
    return std::string{http::value_of(*form, name).value_or("")};
  };
  if (full)
    return splunk_error(503, "FATAL", "The maximum number of concurrent searches is reached");
  const auto search = field("search");
  // One pipe to head, one to fields: whatever else it holds did not come from the manifest.
  if (!search.starts_with("search ") || std::ranges::count(search, '|') != 2 ||
      std::ranges::count(search, '"') % 2 != 0 || search.contains('\\'))
    return splunk_error(400, "FATAL", "Error in 'SearchParser': the search cannot be parsed");
  if (!is_window(field("earliest_time"), field("latest_time")))
    return splunk_error(400, "FATAL", "Invalid earliest_time or latest_time");
  if (field("exec_mode") != "oneshot" || field("output_mode") != "json")
    return splunk_error(400, "FATAL", "this lab answers oneshot searches in JSON");
  json::array results;
  for (int n = 0; asks_for_logged(search) && n < Logged::events; ++n)
    results.push_back(json::object{{"_time", "2026-11-20T10:00:00.000+00:00"},
                                   {"host", Logged::host},
                                   {"_raw", line_of(hostile, n)}});
  return json_answer(200,
                     json::object{{"results", std::move(results)}, {"messages", json::array{}}});
}

http::Response ElasticLab::answer(const VendorRequest& request) {
  if (request.header("Authorization") != authorization_)
    return elastic_error(401, "security_exception", "unable to authenticate");
  if (request.path.size() != 2 || request.path[1] != "_search")
    return elastic_error(400, "illegal_argument_exception", "no handler found for uri");
  if (request.path[0] != index_)
    return elastic_error(404, "index_not_found_exception", "no such index");
  if (request.method != "POST")
    return elastic_error(405, "method_not_allowed", "only POST is understood here");
  const auto body = request.json();
  if (!body) return elastic_error(406, "content_type_exception", "Content-Type is not supported");
  if (overloaded)
    return elastic_error(429, "es_rejected_execution_exception", "rejected execution of search");
  boost::system::error_code error;
  const auto* filters = body->find_pointer("/query/bool/filter", error);
  if (!filters || !filters->is_array() || filters->get_array().size() != 2)
    return elastic_error(400, "parsing_exception", "unknown query");
  const auto* range = filters->find_pointer("/0/range", error);
  const auto* should = filters->find_pointer("/1/bool/should", error);
  if (!range || !range->is_object() || !should || !should->is_array())
    return elastic_error(400, "parsing_exception", "unknown query");
  const auto& limits = range->get_object().begin()->value();
  if (!is_window(text_in(limits, "gte"), text_in(limits, "lt")))
    return elastic_error(400, "parse_exception", "failed to parse date field");
  bool logged = false;
  for (const auto& clause : should->get_array()) {
    const auto* term = clause.is_object() ? clause.get_object().if_contains("term") : nullptr;
    if (!term || !term->is_object() || term->get_object().size() != 1)
      return elastic_error(400, "parsing_exception", "[term] query malformed");
    const auto& value = term->get_object().begin()->value();
    const auto text = value.is_string() ? std::string{value.get_string()} : text_in(value, "value");
    if (text.empty()) return elastic_error(400, "parsing_exception", "[term] without a value");
    logged = logged || asks_for_logged("\"" + text + "\"");
  }
  json::array hits;
  for (int n = 0; logged && n < Logged::events; ++n)
    hits.push_back(json::object{
        {"_id", fmt::format("{}", n)},
        {"_source",
         json::object{{"@timestamp", "2026-11-20T10:00:00Z"}, {"message", line_of(hostile, n)}}}});
  const auto total = static_cast<std::int64_t>(hits.size());
  return json_answer(
      200,
      json::object{{"timed_out", false},
                   {"_shards", json::object{{"total", 5}, {"failed", broken_shards}}},
                   {"hits",
                    json::object{{"total", json::object{{"value", total}, {"relation", "eq"}}},
                                 {"hits", std::move(hits)}}}});
}

http::Response SentinelLab::answer_known(const VendorRequest& request) {
  const auto refused = [](int status, std::string_view code, std::string_view message) {
    return json_answer(status,
                       json::object{{"error", json::object{{"code", code}, {"message", message}}}});
  };
  constexpr std::string_view workspace = "99999999-2222-3333-4444-555555555555";
  if (!request.is("POST", {"v1", "workspaces", "*", "query"}))
    return refused(404, "PathNotFoundError", "The requested path does not exist");
  if (request.path[2] != workspace)
    return refused(404, "WorkspaceNotFoundError", "The workspace could not be found");
  const auto body = request.json();
  if (!body) return refused(400, "BadArgumentError", "The request had some invalid properties");
  const auto query = text_in(*body, "query");
  const auto span = text_in(*body, "timespan");
  const auto slash = span.find('/');
  if (slash == std::string::npos || !is_window(span.substr(0, slash), span.substr(slash + 1)))
    return refused(400, "BadArgumentError", "timespan is not valid");
  if (!query.starts_with("union isfuzzy=true ") || std::ranges::count(query, '|') != 2 ||
      std::ranges::count(query, '"') % 2 != 0 || query.contains(';'))
    return refused(400, "SyntaxError", "Query could not be parsed");
  json::array rows;
  for (int n = 0; asks_for_logged(query) && n < Logged::events; ++n)
    rows.push_back(json::array{"2026-11-20T10:00:00Z", line_of(hostile, n)});
  json::array columns;
  columns.push_back(json::object{{"name", "TimeGenerated"}, {"type", "datetime"}});
  columns.push_back(json::object{{"name", "Activity"}, {"type", "string"}});
  json::array tables;
  tables.push_back(json::object{
      {"name", "PrimaryResult"}, {"columns", std::move(columns)}, {"rows", std::move(rows)}});
  json::object answer{{"tables", std::move(tables)}};
  if (in_part)
    answer["error"] = json::object{{"code", "PartialError"}, {"message", "There were some errors"}};
  return json_answer(200, std::move(answer));
}

http::Response LokiLab::answer(const VendorRequest& request) {
  if (request.header("Authorization") != "Basic " + match::to_base64("lab-user:lab-password"))
    return json_answer(401, json::object{{"error", "unauthorized"}});
  if (!request.is("GET", {"loki", "api", "v1", "query_range"})) return {.status = 404};
  if (request.header("X-Scope-OrgID") != "fake")
    return json_answer(401, json::object{{"error", "no org id"}});
  if (limited) return json_answer(429, json::object{{"error", "too many outstanding requests"}});
  const auto query = request.parameter("query");
  const auto number = [&](std::string_view name) {
    std::int64_t value = -1;
    const auto text = request.parameter(name);
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  const bool sound = query.starts_with(R"({job=~".+"} |= ")") && query.ends_with('"') &&
                     std::ranges::count(query, '"') == 4 && !query.contains('\\');
  if (!sound || number("start") < 0 || number("end") <= number("start"))
    return json_answer(400,
                       json::object{{"status", "error"},
                                    {"errorType", "bad_data"},
                                    {"error", "parse error: unexpected token"}});
  json::array values;
  for (int n = 0; asks_for_logged(query) && n < Logged::events; ++n)
    values.push_back(json::array{"1763632800000000000", line_of(hostile, n)});
  const auto lines = static_cast<std::int64_t>(values.size());
  json::array result;
  if (lines > 0)
    result.push_back(
        json::object{{"stream", json::object{{"job", "sshd"}}}, {"values", std::move(values)}});
  return json_answer(
      200,
      json::object{
          {"status", "success"},
          {"data",
           json::object{
               {"resultType", "streams"},
               {"result", std::move(result)},
               {"stats",
                json::object{{"summary", json::object{{"totalEntriesReturned", lines}}}}}}}});
}

}  // namespace sallyport::lab
