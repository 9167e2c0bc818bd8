#include "tools/lab/vendors/microsoft.hpp"

#include <algorithm>
#include <array>

namespace sallyport::lab {

namespace {

constexpr std::string_view tenant = "11111111-2222-3333-4444-555555555555";
constexpr std::string_view microsoft_token = "lab-microsoft-token";

http::Response microsoft_error(int status, std::string_view code, std::string_view message) {
  return json_answer(status,
                     {{"error", {{"code", code}, {"message", message}, {"target", "lab"}}}});
}

/// The value in `field eq 'value'`, where that is all of the filter.
std::optional<std::string> equal_to(std::string_view filter, std::string_view field) {
  const auto beginning = fmt::format("{} eq '", field);
  if (!filter.starts_with(beginning) || !filter.ends_with('\'') ||
      std::ranges::count(filter, '\'') != 2)
    return std::nullopt;
  return std::string{filter.substr(beginning.size(), filter.size() - beginning.size() - 1)};
}

}  // namespace

http::Response MicrosoftLab::token(const VendorRequest& request) const {
  const auto form = request.form();
  if (!form || http::value_of(*form, "scope") != scope_)
    return json_answer(400, {{"error", "invalid_scope"}, {"error_description", "AADSTS70011"}});
  if (http::value_of(*form, "client_id") != "lab-client" ||
      http::value_of(*form, "client_secret") != "lab-client-secret")
    return json_answer(401, {{"error", "invalid_client"}, {"error_description", "AADSTS7000215"}});
  return json_answer(
      200, {{"access_token", microsoft_token}, {"expires_in", 3599}, {"token_type", "Bearer"}});
}

http::Response MicrosoftLab::answer(const VendorRequest& request) {
  if (request.is("POST", {tenant, "oauth2", "v2.0", "token"})) return token(request);
  if (request.header("Authorization") != fmt::format("Bearer {}", microsoft_token))
    return microsoft_error(401, "Unauthorized", "token invalid");
  return answer_known(request);
}

EntraLab::EntraLab() : MicrosoftLab{"https://graph.microsoft.com/.default"} {
  for (const auto& [id, name, synced] :
       {std::tuple{"7f0d6c1a-0000-4000-8000-000000000001", "alice@acme.example", false},
        {"7f0d6c1a-0000-4000-8000-000000000002", "onprem@acme.example", true}})
    users_.emplace(id, User{.id = id, .name = name, .synced = synced});
}

EntraLab::User& EntraLab::user(const std::string& name) {
  return std::ranges::find_if(users_, [&](const auto& entry) { return entry.second.name == name; })
      ->second;
}

http::Response EntraLab::answer_known(const VendorRequest& request) {
  const bool about_user =
      request.path.size() >= 3 && request.path[0] == "v1.0" && request.path[1] == "users";
  const auto found = std::ranges::find_if(users_, [&](const auto& entry) {
    return about_user && (entry.first == request.path[2] || entry.second.name == request.path[2]);
  });
  if (found == users_.end())
    return microsoft_error(404, "Request_ResourceNotFound", "Resource does not exist");
  auto& user = found->second;
  if (request.is("GET", {"v1.0", "users", "*"}))
    return json_answer(200,
                       {{"id", user.id},
                        {"userPrincipalName", user.name},
                        {"accountEnabled", user.enabled},
                        {"onPremisesSyncEnabled", user.synced},
                        {"signInSessionsValidFromDateTime", "2026-11-01T00:00:00Z"}});
  if (request.is("PATCH", {"v1.0", "users", "*"})) {
    const auto body = request.json();
    if (const auto password = body ? text_at(*body, "passwordProfile.password") : "";
        !password.empty() && !user.synced) {
      user.password = password;
      return {.status = 204};
    }
    const auto* object = body ? body->if_object() : nullptr;
    const auto* enabled = object ? object->if_contains("accountEnabled") : nullptr;
    if (!enabled || !enabled->is_bool() || object->size() != 1 || user.synced)
      return microsoft_error(
          400, "Request_BadRequest", "Unable to update the specified properties");
    user.enabled = enabled->get_bool();
    return {.status = 204};
  }
  if (request.is("POST", {"v1.0", "users", "*", "revokeSignInSessions"})) {
    user.sessions = 0;
    return json_answer(200, {{"value", true}});
  }
  return microsoft_error(405, "Request_BadRequest", "method not allowed");
}

DefenderLab::DefenderLab() : MicrosoftLab{"https://api.securitycenter.microsoft.com/.default"} {
  machines_ = {{"1e5bc9d7e413ddd7902c2932e418702b84d0cc07", "wks-0042.acme.example"},
               {"2e5bc9d7e413ddd7902c2932e418702b84d0cc07", "wks-0043.acme.example"}};
}

http::Response DefenderLab::begin(const std::string& machine,
                                  const std::string& what,
                                  const VendorRequest& request) {
  const auto body = request.json();
  if (!body) return microsoft_error(400, "InvalidRequestBody", "the body is no JSON");
  if (text_in(*body, "Comment").empty())
    return microsoft_error(400, "MissingRequiredParameter", "Comment is missing");
  const auto type = what == "isolate"                 ? "Isolate"
                    : what == "unisolate"             ? "Unisolate"
                    : what == "StopAndQuarantineFile" ? "StopAndQuarantineFile"
                                                      : "RunAntiVirusScan";
  if (what == "StopAndQuarantineFile" && text_in(*body, "Sha1").size() != 40)
    return microsoft_error(400, "InvalidHashValue", "Sha1");
  const auto kind = text_in(*body, "IsolationType");
  if (what == "isolate" && kind != "Full" && kind != "Selective")
    return microsoft_error(400, "InvalidInput", "IsolationType");
  const auto scan = text_in(*body, "ScanType");
  if (what == "runAntiVirusScan" && scan != "Quick" && scan != "Full")
    return microsoft_error(400, "InvalidInput", "ScanType");
  for (const auto& other : actions)
    if (other.machine == machine && other.type == type && other.status == "Pending")
      return microsoft_error(400, "ActiveRequestAlreadyExists", "the same action is under way");
  actions.push_back({.id = fmt::format("5382f7ea-7557-4ab7-9782-{:012}", actions.size()),
                     .machine = machine,
                     .type = type,
                     .status = "Pending",
                     .created = fmt::format("2026-11-21T10:{:02}:00Z", actions.size())});
  return json_answer(201, {{"id", actions.back().id}, {"type", type}, {"status", "Pending"}});
}

http::Response DefenderLab::hunt(const VendorRequest& request) const {
  const auto body = request.json();
  const auto query = body ? text_in(*body, "Query") : std::string{};
  const bool sound =
      query.starts_with("DeviceProcessEvents | where Timestamp between (datetime(") &&
      std::ranges::count(query, '|') == 4 && std::ranges::count(query, '"') == 4;
  if (!sound) return microsoft_error(400, "BadRequest", "the query could not be parsed");
  json::array results;
  for (const auto& [id, machine] : machines_)
    if (query.contains(fmt::format("DeviceName =~ \"{}\"", machine)))
      results.push_back(json::object{{"FileName", "powershell.exe"},
                                     {"ProcessId", 4711},
                                     {"ProcessCommandLine", hostile.empty() ? "whoami" : hostile},
                                     {"InitiatingProcessFileName", "winword.exe"}});
  return json_answer(200, json::object{{"Schema", json::array{}}, {"Results", std::move(results)}});
}

http::Response DefenderLab::answer_known(const VendorRequest& request) {
  const auto shown = [](const Action& action) {
    return json::object{{"id", action.id},
                        {"type", action.type},
                        {"machineId", action.machine},
                        {"status", action.status},
                        {"creationDateTimeUtc", action.created}};
  };
  if (request.is("GET", {"api", "machines"})) {
    const auto name = equal_to(request.parameter("$filter"), "computerDnsName");
    if (!name) return microsoft_error(400, "ODataError", "filter");
    json::array found;
    for (const auto& [id, machine] : machines_)
      if (machine == *name)
        found.push_back(json::object{{"id", id},
                                     {"computerDnsName", machine},
                                     {"riskScore", "High"},
                                     {"exposureLevel", "Medium"},
                                     {"osPlatform", hostile.empty() ? "Windows11" : hostile},
                                     {"lastSeen", "2026-11-21T10:00:00Z"}});
    return json_answer(200, json::object{{"value", std::move(found)}});
  }
  if (request.is("POST", {"api", "advancedqueries", "run"})) return hunt(request);
  if (request.is("GET", {"api", "machineactions"})) {
    const auto machine = equal_to(request.parameter("$filter"), "machineId");
    if (!machine) return microsoft_error(400, "ODataError", "filter");
    json::array found;
    for (auto& action : actions) {
      if (action.machine != *machine) continue;
      if (action.status == "Pending" && ++action.looks >= 2) action.status = ends_as;
      found.push_back(shown(action));
    }
    return json_answer(200, json::object{{"value", std::move(found)}});
  }
  if (request.is("GET", {"api", "machineactions", "*"})) {
    const auto action = std::ranges::find(actions, request.path[2], &Action::id);
    if (action == actions.end()) return microsoft_error(404, "ResourceNotFound", "no such action");
    if (action->status == "Pending" && ++action->looks >= 2) action->status = ends_as;
    return json_answer(200, shown(*action));
  }
  if (request.is("POST", {"api", "machines", "*", "*"})) {
    const auto& what = request.path[3];
    if (!machines_.contains(request.path[2]))
      return microsoft_error(404, "ResourceNotFound", "no such machine");
    if (what == "isolate" || what == "unisolate" || what == "runAntiVirusScan" ||
        what == "StopAndQuarantineFile")
      return begin(request.path[2], what, request);
  }
  if (request.path.size() >= 2 && request.path[1] == "indicators") return indicator(request);
  return microsoft_error(404, "NotFound", "no such endpoint");
}

http::Response DefenderLab::indicator(const VendorRequest& request) {
  if (request.is("GET", {"api", "indicators"})) {
    const auto value = equal_to(request.parameter("$filter"), "indicatorValue");
    if (!value) return microsoft_error(400, "ODataError", "filter");
    json::array found;
    for (const auto& [id, about] : indicators)
      if (text_in(json::value(about), "indicatorValue") == *value) found.push_back(about);
    return json_answer(200, json::object{{"value", std::move(found)}});
  }
  if (request.is("DELETE", {"api", "indicators", "*"}))
    return indicators.erase(request.path[2]) == 0
               ? microsoft_error(404, "ResourceNotFound", "indicator")
               : http::Response{.status = 204};
  const auto body = request.json();
  if (!request.is("POST", {"api", "indicators"}) || !body)
    return microsoft_error(404, "NotFound", "no such endpoint");
  constexpr std::array<std::string_view, 3> types{"IpAddress", "DomainName", "FileSha256"};
  const auto type = text_in(*body, "indicatorType");
  const auto value = text_in(*body, "indicatorValue");
  const bool fits = type == "FileSha256" ? value.size() == 64 : value.size() < 64;
  if (std::ranges::find(types, type) == types.end() || !fits || text_in(*body, "title").empty() ||
      text_in(*body, "description").empty())
    return microsoft_error(400, "InvalidInput", "indicator");
  // An indicator of that value is written over.
  const auto old = std::ranges::find_if(indicators, [&](const auto& entry) {
    return text_in(json::value(entry.second), "indicatorValue") == value;
  });
  const auto id = old == indicators.end() ? std::to_string(indicators.size() + 100) : old->first;
  auto& kept = indicators[id];
  kept = body->as_object();
  kept["id"] = id;
  return json_answer(200, json::value(kept));
}

}  // namespace sallyport::lab
