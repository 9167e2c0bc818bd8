#include "tools/lab/vendors/falcon.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::lab {

namespace {

json::value envelope(json::array resources, json::array errors) {
  return json::value(json::object{{"meta", json::object{{"trace_id", "lab"}}},
                                  {"resources", std::move(resources)},
                                  {"errors", std::move(errors)}});
}

http::Response falcon_error(int status, std::string_view message) {
  json::array errors;
  errors.push_back(json::object{{"code", status}, {"message", message}});
  return json_answer(status, envelope({}, std::move(errors)));
}

http::Response resources(int status, json::array list) {
  return json_answer(status, envelope(std::move(list), {}));
}

/// The ids of a body `{"ids": [...]}`; empty where it is no such body.
std::optional<std::vector<std::string>> ids_of(const VendorRequest& request) {
  const auto body = request.json();
  const auto* object = body ? body->if_object() : nullptr;
  const auto* ids = object ? object->if_contains("ids") : nullptr;
  if (!ids || !ids->is_array() || ids->get_array().empty()) return std::nullopt;
  std::vector<std::string> list;
  for (const auto& id : ids->get_array()) {
    if (!id.is_string()) return std::nullopt;
    list.emplace_back(id.get_string());
  }
  return list;
}

}  // namespace

FalconLab::FalconLab() {
  for (const auto& [id, name] : {std::pair{"0a1b2c3d4e5f60718293a4b5c6d7e8f9", "WKS-0042"},
                                 {"1a1b2c3d4e5f60718293a4b5c6d7e8f9", "WKS-0043"},
                                 {"2a1b2c3d4e5f60718293a4b5c6d7e8f9", "TWIN"},
                                 {"3a1b2c3d4e5f60718293a4b5c6d7e8f9", "TWIN"}})
    hosts_.emplace(id, Host{.id = id, .name = name});
}

FalconLab::Host& FalconLab::host(const std::string& name) {
  return std::ranges::find_if(hosts_, [&](const auto& entry) { return entry.second.name == name; })
      ->second;
}

std::string FalconLab::bearer() const {
  return fmt::format("lab-falcon-token-{}", generation_);
}

http::Response FalconLab::token(const VendorRequest& request) {
  const auto form = request.form();
  if (!form) return falcon_error(415, "expected a form");
  if (http::value_of(*form, "client_id") != "lab-client" ||
      http::value_of(*form, "client_secret") != "lab-client-secret")
    return falcon_error(403, "access denied, invalid client");
  ++tokens_given;
  return json_answer(201,
                     {{"access_token", bearer()}, {"expires_in", 1799}, {"token_type", "bearer"}});
}

http::Response FalconLab::query(const VendorRequest& request) {
  // One comparison of FQL, and nothing that could be read as more.
  const auto filter = request.parameter("filter");
  constexpr std::string_view beginning = "hostname:'";
  const bool simple = filter.starts_with(beginning) && filter.ends_with('\'') &&
                      std::ranges::count(filter, '\'') == 2;
  if (!simple) return falcon_error(400, "invalid filter expression");
  const auto name = filter.substr(beginning.size(), filter.size() - beginning.size() - 1);
  json::array ids;
  for (const auto& [id, host] : hosts_)
    if (host.name == name) ids.emplace_back(id);
  return resources(200, std::move(ids));
}

http::Response FalconLab::details(const VendorRequest& request) {
  const auto ids = ids_of(request);
  if (!ids) return falcon_error(400, "ids are needed");
  json::array found;
  for (const auto& id : *ids) {
    const auto entry = hosts_.find(id);
    if (entry == hosts_.end()) continue;  // as the vendor does: it is simply not there
    auto& host = entry->second;
    if (hosts_call_home && host.status.ends_with("_pending") && host.looks_until_contact-- <= 0)
      host.status = host.status == "containment_pending" ? "contained" : "normal";
    found.push_back(json::object{{"device_id", id},
                                 {"hostname", host.name},
                                 {"platform_name", "Windows"},
                                 {"os_version", hostile.empty() ? "Windows 11" : hostile},
                                 {"last_seen", "2026-11-21T10:00:00Z"},
                                 {"status", host.status},
                                 {"platform_name", "Windows"}});
  }
  return resources(200, std::move(found));
}

http::Response FalconLab::act(const VendorRequest& request) {
  if (!may_write) return falcon_error(403, "access denied, authorization failed");
  const auto name = request.parameter("action_name");
  if (name != "contain" && name != "lift_containment")
    return falcon_error(400, "unknown action_name");
  const auto ids = ids_of(request);
  if (!ids) return falcon_error(400, "ids are needed");
  json::array done;
  for (const auto& id : *ids) {
    const auto entry = hosts_.find(id);
    if (entry == hosts_.end()) return falcon_error(404, "device not found");
    auto& host = entry->second;
    const bool contain = name == "contain";
    if (host.status == (contain ? "contained" : "normal"))
      return falcon_error(409, "already in that state");
    host.status = contain ? "containment_pending" : "lift_containment_pending";
    host.looks_until_contact = 1;
    done.push_back(json::object{{"id", id}, {"path", "/devices/entities/devices/v1?ids=" + id}});
  }
  return resources(202, std::move(done));
}

http::Response FalconLab::indicator(const VendorRequest& request) {
  if (request.is("GET", {"iocs", "combined", "indicator", "v1"})) {
    const auto filter = request.parameter("filter");
    constexpr std::string_view beginning = "type:'sha256'+value:'";
    if (!filter.starts_with(beginning) || std::ranges::count(filter, '\'') != 4)
      return falcon_error(400, "invalid filter expression");
    const auto value = filter.substr(beginning.size(), filter.size() - beginning.size() - 1);
    json::array found;
    for (const auto& [id, about] : indicators)
      if (text_in(json::value(about), "value") == value) found.push_back(about);
    return resources(200, std::move(found));
  }
  if (request.is("DELETE", {"iocs", "entities", "indicators", "v1"})) {
    if (!request.parameter("filter").empty()) {
      indicators.clear();  // a filter goes before ids, and this one means all
      return resources(200, {});
    }
    json::array done;
    if (indicators.erase(request.parameter("ids")) == 0) return falcon_error(404, "not found");
    done.emplace_back(request.parameter("ids"));
    return resources(200, std::move(done));
  }
  const auto body = request.json();
  const auto* given = body ? part_of(*body, "indicators.0") : nullptr;
  if (!request.is("POST", {"iocs", "entities", "indicators", "v1"}) || !given)
    return falcon_error(400, "indicators are needed");
  const auto value = text_in(*given, "value");
  if (text_in(*given, "type") != "sha256" || value.size() != 64 ||
      text_in(*given, "action") != "prevent" || !part_of(*given, "platforms.0") ||
      text_at(*given, "applied_globally") != "true")
    return falcon_error(400, "invalid indicator");
  for (const auto& [id, about] : indicators)
    if (text_in(json::value(about), "value") == value)
      return falcon_error(400, "Duplicate type: 'sha256'");
  const auto id = fmt::format("{:064}", indicators.size() + 1);
  auto kept = given->as_object();
  kept["id"] = id;
  kept["deleted"] = false;
  indicators.emplace(id, kept);
  json::array made;
  made.push_back(std::move(kept));
  return resources(201, std::move(made));
}

http::Response FalconLab::respond(const VendorRequest& request) {
  constexpr std::string_view session = "88888888-0000-4000-8000-000000000001";
  const bool on_sessions = request.path[2] == "sessions";
  json::array answers;
  if (on_sessions && request.method == "DELETE") {
    if (request.parameter("session_id") != session) return falcon_error(404, "session not found");
    --sessions_open;
    return {.status = 204};
  }
  if (!on_sessions && request.method == "GET") {
    if (request.parameter("cloud_request_id") !=
            fmt::format("99999999-0000-4000-8000-{:012}", commands_) ||
        request.parameter("sequence_id") != "0")
      return falcon_error(404, "command not found");
    const bool complete = ++looks_ >= 2;
    answers.push_back(json::object{{"complete", complete},
                                   {"stdout", complete ? "killed" : ""},
                                   {"stderr", complete ? stderr_says : ""}});
    return resources(200, std::move(answers));
  }
  const auto body = request.json();
  if (request.method != "POST" || !body) return falcon_error(400, "a body is needed");
  if (on_sessions) {
    if (!hosts_.contains(text_in(*body, "device_id"))) return falcon_error(404, "device not found");
    ++sessions_open;
    answers.push_back(json::object{{"session_id", session}});
    return resources(201, std::move(answers));
  }
  const auto command = text_in(*body, "command_string");
  if (text_in(*body, "session_id") != session || sessions_open < 1)
    return falcon_error(404, "session not found");
  if (text_in(*body, "base_command") != "kill" || !command.starts_with("kill "))
    return falcon_error(400, "invalid command");
  if (stderr_says.empty()) killed.push_back(command.substr(5));
  looks_ = 0;
  answers.push_back(json::object{
      {"cloud_request_id", fmt::format("99999999-0000-4000-8000-{:012}", ++commands_)}});
  return resources(201, std::move(answers));
}

http::Response FalconLab::answer(const VendorRequest& request) {
  if (request.is("POST", {"oauth2", "token"})) return token(request);
  if (request.header("Authorization") != "Bearer " + bearer())
    return falcon_error(401, "access denied, invalid bearer token");
  if (request.is("GET", {"devices", "queries", "devices", "v1"})) return query(request);
  if (request.is("POST", {"devices", "entities", "devices", "v2"})) return details(request);
  if (request.is("POST", {"devices", "entities", "devices-actions", "v2"})) return act(request);
  if (request.is("GET", {"devices", "entities", "online-state", "v1"})) {
    json::array states;
    if (hosts_.contains(request.parameter("ids")))
      states.push_back(json::object{{"id", request.parameter("ids")},
                                    {"state", hosts_call_home ? "online" : "offline"}});
    return resources(200, std::move(states));
  }
  if (!request.path.empty() && request.path[0] == "iocs") return indicator(request);
  if (request.is(request.method, {"real-time-response", "entities", "sessions", "v1"}) ||
      request.is(request.method,
                 {"real-time-response", "entities", "active-responder-command", "v1"}))
    return respond(request);
  return falcon_error(404, "no such endpoint");
}

}  // namespace sallyport::lab
