#include "tools/lab/vendors/sentinelone.hpp"

#include <algorithm>

namespace sallyport::lab {

namespace {

constexpr std::size_t page_size = 2;

http::Response sentinelone_error(int status, std::string_view title) {
  json::array errors;
  errors.push_back(json::object{{"code", status * 10'000}, {"title", title}, {"detail", title}});
  return json_answer(status, json::object{{"errors", std::move(errors)}});
}

}  // namespace

SentinelOneLab::SentinelOneLab() {
  for (const auto& [id, name] : {std::pair{"1001", "WKS-0042-OLD"},
                                 {"1002", "WKS-0042-B"},
                                 {"1003", "WKS-0042"},
                                 {"1004", "SRV-1"}})
    agents_.emplace(id, Agent{.id = id, .name = name});
}

SentinelOneLab::Agent& SentinelOneLab::agent(const std::string& name) {
  return std::ranges::find_if(agents_, [&](const auto& entry) { return entry.second.name == name; })
      ->second;
}

http::Response SentinelOneLab::list(const VendorRequest& request) {
  json::array all;
  for (const auto& [id, agent] : agents_) {
    const auto ids = request.parameter("ids");
    if (!ids.empty() && ids != id) continue;
    if (!agent.name.contains(request.parameter("computerName__like"))) continue;
    all.push_back(json::object{{"id", id},
                               {"computerName", agent.name},
                               {"networkStatus", agent.network},
                               {"isActive", true}});
  }
  const auto cursor = request.parameter("cursor");
  const auto from = cursor.empty() ? std::size_t{0} : static_cast<std::size_t>(std::stoul(cursor));
  json::array page;
  for (auto i = from; i < std::min(all.size(), from + page_size); ++i) page.push_back(all[i]);
  const auto next = from + page_size < all.size() ? json::value(std::to_string(from + page_size))
                                                  : json::value(nullptr);
  return json_answer(
      200,
      json::object{{"data", std::move(page)},
                   {"pagination", {{"nextCursor", next}, {"totalItems", all.size()}}}});
}

http::Response SentinelOneLab::act(const VendorRequest& request) {
  const auto body = request.json();
  const auto* object = body ? body->if_object() : nullptr;
  const auto* filter = object ? object->if_contains("filter") : nullptr;
  if (!filter || !filter->is_object()) return sentinelone_error(400, "filter is needed");
  const auto* ids = filter->get_object().if_contains("ids");
  const auto to = request.path.back() == "disconnect" ? "disconnected" : "connected";
  int affected = 0;
  for (auto& [id, agent] : agents_) {
    // Without ids the filter selects everybody: the trap that a manifest must not step into.
    const bool meant =
        !ids || (ids->is_array() &&
                 std::ranges::find(ids->get_array(), json::value(id)) != ids->get_array().end());
    if (!meant) continue;
    ++affected;
    if (request.path.back() == "initiate-scan") {
      scanned.push_back(agent.name);
    } else {
      agent.network = to;
    }
  }
  return json_answer(200, {{"data", {{"affected", affected}}}});
}

http::Response SentinelOneLab::list_threats(const VendorRequest& request) {
  json::array found;
  const auto ids = request.parameter("ids");
  for (auto& threat : threats) {
    if (!ids.empty() && ids != threat.id) continue;
    if (ids.empty() && (request.parameter("contentHashes") != threat.sha1 ||
                        !threat.host.contains(request.parameter("computerName__contains"))))
      continue;
    json::array history;
    ++threat.looks;
    for (std::size_t i = 0; i < threat.actions.size(); ++i) {
      const bool ended = i + 1 < threat.actions.size() || threat.looks >= 2;
      history.push_back(json::object{{"action", threat.actions[i]},
                                     {"status", ended ? "success" : "pending"},
                                     {"lastUpdate", fmt::format("2026-11-21T10:{:02}:00Z", i)}});
    }
    found.push_back(
        json::object{{"id", threat.id},
                     {"threatInfo", json::object{{"sha1", threat.sha1}}},
                     {"agentRealtimeInfo", json::object{{"agentComputerName", threat.host}}},
                     {"mitigationStatus", std::move(history)}});
  }
  return json_answer(200,
                     json::object{{"data", std::move(found)},
                                  {"pagination", json::object{{"nextCursor", nullptr}}}});
}

http::Response SentinelOneLab::mitigate(const VendorRequest& request) {
  const auto body = request.json();
  const auto id = body ? only_text_at(*body, "filter.ids") : std::string{};
  if (id.empty()) return sentinelone_error(400, "filter is needed");
  int affected = 0;
  for (auto& threat : threats) {
    if (threat.id != id) continue;
    ++affected;
    threat.looks = 0;
    threat.actions.emplace_back(request.path.back() == "quarantine" ? "quarantine"
                                                                    : "unquarantine");
  }
  return json_answer(200, {{"data", {{"affected", affected}}}});
}

http::Response SentinelOneLab::answer(const VendorRequest& request) {
  if (request.header("Authorization") != "ApiToken lab-s1-token")
    return sentinelone_error(401, "Authentication Failed");
  if (request.is("GET", {"web", "api", "v2.1", "agents"})) return list(request);
  if (request.is("POST", {"web", "api", "v2.1", "agents", "actions", "disconnect"}) ||
      request.is("POST", {"web", "api", "v2.1", "agents", "actions", "connect"}) ||
      request.is("POST", {"web", "api", "v2.1", "agents", "actions", "initiate-scan"}))
    return act(request);
  if (request.is("GET", {"web", "api", "v2.1", "threats"})) return list_threats(request);
  if (request.is("POST", {"web", "api", "v2.1", "threats", "mitigate", "quarantine"}) ||
      request.is("POST", {"web", "api", "v2.1", "threats", "mitigate", "un-quarantine"}))
    return mitigate(request);
  return sentinelone_error(404, "Not Found");
}

}  // namespace sallyport::lab
