#include "tools/lab/vendors/agents.hpp"

#include "engine/base/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace sallyport::lab {

namespace {

/// How often somebody looks until what was ordered has happened.
constexpr int looks_needed = 2;

/// The text between `before` and `"` at the end of `filter`, where that is all of it.
std::string quoted_in(std::string_view filter, std::string_view before) {
  if (!filter.starts_with(before) || !filter.ends_with('"') || std::ranges::count(filter, '"') != 2)
    return {};
  return std::string{filter.substr(before.size(), filter.size() - before.size() - 1)};
}

http::Response cortex_error(int status, std::string_view message) {
  return json_answer(
      status, {{"reply", {{"err_code", status}, {"err_msg", message}, {"err_extra", "lab"}}}});
}

bool is_signed_for_cortex(const VendorRequest& request) {
  const auto nonce = request.header("x-xdr-nonce");
  const auto stamp = request.header("x-xdr-timestamp");
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const auto age = now - std::atoll(stamp.c_str());
  return request.header("x-xdr-auth-id") == "7" && nonce.size() == 64 && std::abs(age) < 300'000 &&
         request.header("Authorization") == to_hex(sha256("lab-xdr-key" + nonce + stamp));
}

}  // namespace

void CortexLab::look(Order& order) {
  if (order.status != "PENDING" || ++order.looks < looks_needed) return;
  order.status = ends_as;
  if (ends_as != "COMPLETED_SUCCESSFULLY") return;
  const auto endpoint = std::ranges::find(endpoints, order.endpoint, &Endpoint::id);
  if (!order.becomes.empty()) endpoint->isolated = order.becomes;
}

http::Response CortexLab::list(const json::value& body) {
  const auto field = text_at(body, "request_data.filters.0.field");
  const auto value = only_text_at(body, "request_data.filters.0.value");
  if (value.empty() || text_at(body, "request_data.filters.0.operator") != "in" ||
      (field != "hostname" && field != "endpoint_id_list"))
    return cortex_error(500, "An error occurred while processing XDR public API");
  for (auto& order : orders_) look(order);
  json::array found;
  for (const auto& endpoint : endpoints)
    if ((field == "hostname" ? endpoint.name : endpoint.id) == value)
      found.push_back(json::object{{"endpoint_id", endpoint.id},
                                   {"endpoint_name", endpoint.name},
                                   {"endpoint_status", endpoint.status},
                                   {"is_isolated", endpoint.isolated}});
  const auto n = found.size();
  return json_answer(200,
                     json::object{{"reply",
                                   json::object{{"total_count", n},
                                                {"result_count", n},
                                                {"endpoints", std::move(found)}}}});
}

http::Response CortexLab::order(const std::string& what, const json::value& body) {
  const auto by_id = text_at(body, "request_data.endpoint_id");
  const auto by_filter = only_text_at(body, "request_data.filters.0.value");
  if (by_id.empty() == by_filter.empty())
    return cortex_error(400, "endpoint_id or filters, and not both");
  const auto endpoint =
      std::ranges::find(endpoints, by_id.empty() ? by_filter : by_id, &Endpoint::id);
  if (endpoint == endpoints.end()) return cortex_error(500, "no endpoint was found");
  if (endpoint->status == "UNINSTALLED") return cortex_error(500, "the agent is uninstalled");
  Order order{.endpoint = endpoint->id};
  if (what == "isolate") {
    order.becomes = "AGENT_ISOLATED";
    endpoint->isolated = "AGENT_PENDING_ISOLATION";
  } else if (what == "unisolate") {
    order.becomes = "AGENT_UNISOLATED";
    endpoint->isolated = "AGENT_PENDING_ISOLATION_CANCELLATION";
  }
  orders_.push_back(order);
  return json_answer(
      200, {{"reply", {{"action_id", orders_.size()}, {"status", 1}, {"endpoints_count", 1}}}});
}

http::Response CortexLab::status_of(const json::value& body) {
  const auto n = std::strtoul(text_at(body, "request_data.group_action_id").c_str(), nullptr, 10);
  if (n == 0 || n > orders_.size()) return cortex_error(500, "no such action");
  auto& order = orders_[n - 1];
  look(order);
  return json_answer(
      200,
      json::object{
          {"reply", json::object{{"data", json::object{{order.endpoint, order.status}}}}}});
}

http::Response CortexLab::answer(const VendorRequest& request) {
  if (!is_signed_for_cortex(request)) return cortex_error(401, "Public API request unauthorized");
  const auto body = request.json();
  if (request.method != "POST" || !body || !part_of(*body, "request_data"))
    return cortex_error(400, "got an invalid request");
  if (request.is("POST", {"public_api", "v1", "endpoints", "get_endpoint", ""})) return list(*body);
  if (request.is("POST", {"public_api", "v1", "actions", "get_action_status", ""}))
    return status_of(*body);
  if (request.is("POST", {"public_api", "v1", "endpoints", "isolate"}) ||
      request.is("POST", {"public_api", "v1", "endpoints", "unisolate"}) ||
      request.is("POST", {"public_api", "v1", "endpoints", "scan", ""}))
    return order(request.path[3], *body);
  return cortex_error(404, "no such endpoint");
}

http::Response LimaCharlieLab::answer(const VendorRequest& request) {
  constexpr std::string_view organization = "0a0b0c0d-0000-4000-8000-000000000000";
  const auto error = [](int status, std::string_view text) {
    return json_answer(status, {{"error", text}});
  };
  if (request.is("POST", {})) {
    const auto form = request.form();
    if (!form || http::value_of(*form, "oid") != organization ||
        http::value_of(*form, "secret") != "lab-lc-key")
      return error(401, "invalid api key");
    return json_answer(200, {{"jwt", "lab-lc-jwt"}});
  }
  if (request.header("Authorization") != "bearer lab-lc-jwt") return error(401, "unauthorized");
  if (request.is("GET", {"v1", "sensors", organization})) {
    const auto name = quoted_in(request.parameter("selector"), "hostname == \"");
    if (name.empty()) return error(400, "invalid selector");
    json::array found;
    for (const auto& [id, sensor] : sensors)
      if (sensor.name.starts_with(name))
        found.push_back(json::object{{"sid", id}, {"hostname", sensor.name}});
    return json_answer(200, json::object{{"sensors", std::move(found)}});
  }
  const bool about_sensor = request.path.size() >= 2 && request.path[0] == "v1";
  const auto found = about_sensor ? sensors.find(request.path[1]) : sensors.end();
  if (found == sensors.end()) return error(404, "sensor not found");
  auto& sensor = found->second;
  if (request.is("GET", {"v1", "*"})) {
    if (sensor.isolated != sensor.wanted && ++sensor.looks >= looks_needed)
      sensor.isolated = sensor.wanted;
    return json_answer(200,
                       {{"info",
                         {{"sid", found->first},
                          {"hostname", sensor.name},
                          {"should_isolate", sensor.wanted},
                          {"is_isolated", sensor.isolated}}},
                        {"online", {{found->first, 1}}}});
  }
  if (request.is("POST", {"v1", "*", "isolation"}) ||
      request.is("DELETE", {"v1", "*", "isolation"})) {
    sensor.wanted = request.method == "POST";
    sensor.looks = 0;
    return json_answer(200, json::object{});
  }
  return error(405, "method not allowed");
}

json::object ElasticDefendLab::shown(const std::string& id) const {
  const auto& endpoint = endpoints.at(id);
  return {
      {"host_status", "healthy"},
      {"metadata",
       {{"agent", {{"id", id}}},
        {"host", {{"hostname", endpoint.name}}},
        {"Endpoint", {{"state", {{"isolation", endpoint.isolated}}}, {"status", "enrolled"}}}}}};
}

void ElasticDefendLab::look(Order& order) {
  if (order.completed || ++order.looks < looks_needed) return;
  order.completed = true;
  if (!succeeds) return;
  auto& endpoint = endpoints.at(order.agent);
  if (order.command == "kill_process") {
    endpoint.killed.push_back(order.entity);
  } else {
    endpoint.isolated = order.command == "isolate";
  }
}

http::Response ElasticDefendLab::order(const std::string& command, const json::value& body) {
  const auto error = [](int status, std::string_view message) {
    return json_answer(status,
                       {{"statusCode", status}, {"error", "Bad Request"}, {"message", message}});
  };
  const auto agent = only_text_at(body, "endpoint_ids");
  const auto entity = text_at(body, "parameters.entity_id");
  if (agent.empty()) return error(400, "[request body.endpoint_ids]: array size is [0]");
  if (!endpoints.contains(agent)) return error(404, "endpoint not found");
  if (command == "kill_process" && entity.empty())
    return error(400, "[request body.parameters]: expected pid or entity_id");
  orders_.push_back({.id = fmt::format("33333333-0000-4000-8000-{:012}", orders_.size() + 1),
                     .agent = agent,
                     .command = command,
                     .entity = entity});
  return json_answer(
      200, {{"data", {{"id", orders_.back().id}, {"command", command}, {"isCompleted", false}}}});
}

http::Response ElasticDefendLab::answer(const VendorRequest& request) {
  const auto error = [](int status, std::string_view message) {
    return json_answer(status, {{"statusCode", status}, {"error", "lab"}, {"message", message}});
  };
  if (request.header("Authorization") != "ApiKey lab-elastic-key")
    return error(401, "unable to authenticate");
  if (request.method != "GET" && request.header("kbn-xsrf").empty())
    return error(400, "Request must contain a kbn-xsrf header.");
  if (request.is("GET", {"api", "endpoint", "metadata"})) {
    const auto name = quoted_in(request.parameter("kuery"), "united.endpoint.host.hostname : \"");
    if (name.empty()) return error(400, "invalid kuery");
    json::array found;
    for (const auto& [id, endpoint] : endpoints)
      if (endpoint.name == name) found.push_back(shown(id));
    const auto n = found.size();
    return json_answer(200, json::object{{"data", std::move(found)}, {"total", n}});
  }
  if (request.is("GET", {"api", "endpoint", "metadata", "*"})) {
    if (!endpoints.contains(request.path[3])) return error(404, "endpoint not found");
    for (auto& order : orders_) look(order);
    return json_answer(200, json::value(shown(request.path[3])));
  }
  if (request.is("GET", {"api", "endpoint", "action_status"})) {
    const auto agent = request.parameter("agent_ids");
    json::object pending;
    for (const auto& order : orders_)
      if (order.agent == agent && !order.completed) pending[order.command] = 1;
    json::array data;
    data.push_back(json::object{{"agent_id", agent}, {"pending_actions", std::move(pending)}});
    return json_answer(200, json::object{{"data", std::move(data)}});
  }
  if (request.is("GET", {"api", "endpoint", "action", "*"})) {
    const auto order = std::ranges::find(orders_, request.path[3], &Order::id);
    if (order == orders_.end()) return error(404, "no such action");
    look(*order);
    return json_answer(200,
                       {{"data",
                         {{"id", order->id},
                          {"isCompleted", order->completed},
                          {"wasSuccessful", order->completed && succeeds}}}});
  }
  const auto body = request.json();
  if (request.is("POST", {"api", "endpoint", "action", "*"}) && body) {
    const auto& command = request.path[3];
    if (command == "isolate" || command == "unisolate" || command == "kill_process")
      return order(command, *body);
  }
  return error(404, "Not Found");
}

http::Response WazuhLab::list(const VendorRequest& request) const {
  json::array found;
  const auto name = request.parameter("name");
  const auto id = request.parameter("agents_list");
  if (name.empty() == id.empty()) return json_answer(400, {{"title", "Bad Request"}, {"error", 1}});
  for (const auto& [agent, about] : agents)
    if (name.empty() ? agent == id : about.name == name)
      found.push_back(json::object{{"id", agent}, {"name", about.name}, {"status", about.status}});
  const auto n = found.size();
  return json_answer(200,
                     json::object{{"data",
                                   json::object{{"affected_items", std::move(found)},
                                                {"total_affected_items", n},
                                                {"failed_items", json::array{}}}},
                                  {"error", 0}});
}

http::Response WazuhLab::run(const VendorRequest& request) {
  const auto body = request.json();
  const auto command = body ? text_at(*body, "command") : std::string{};
  const auto agent = request.parameter("agents_list");
  if (command.empty()) return json_answer(400, {{"title", "Bad Request"}, {"error", 1650}});
  // Without a list it is every agent: the trap that a manifest must not step into.
  for (const auto& [id, about] : agents) {
    if (agent.empty() || agent == id) {
      const auto address = text_at(*body, "alert.data.srcip");
      if (about.status == "active")
        ran.push_back(id + ' ' + command + (address.empty() ? "" : ' ' + address));
    }
  }
  const auto found = agents.find(agent);
  const int code = !command.starts_with('!')          ? 1652
                   : found == agents.end()            ? 1701
                   : found->second.status != "active" ? 1707
                                                      : 0;
  json::array affected;
  json::array failed;
  if (code == 0) {
    affected.emplace_back(agent);
  } else {
    failed.push_back(json::object{{"error", {{"code", code}, {"message", "refused"}}}});
  }
  return json_answer(200,
                     json::object{{"data",
                                   json::object{{"affected_items", std::move(affected)},
                                                {"failed_items", std::move(failed)}}},
                                  {"error", code == 0 ? 0 : 1}});
}

http::Response WazuhLab::answer(const VendorRequest& request) {
  const auto refused = json_answer(401, {{"title", "Unauthorized"}, {"detail", "Invalid token"}});
  if (request.is("POST", {"security", "user", "authenticate"})) {
    // lab-user:lab-password
    if (request.header("Authorization") != "Basic bGFiLXVzZXI6bGFiLXBhc3N3b3Jk") return refused;
    ++logins_;
    return json_answer(200,
                       {{"data", {{"token", fmt::format("lab-wazuh-{}", logins_)}}}, {"error", 0}});
  }
  if (request.header("Authorization") != fmt::format("Bearer lab-wazuh-{}", logins_))
    return refused;
  if (request.is("GET", {"agents"})) return list(request);
  if (request.is("PUT", {"active-response"})) return run(request);
  return json_answer(404, {{"title", "Not Found"}});
}

}  // namespace sallyport::lab
