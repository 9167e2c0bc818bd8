#include "tools/lab/vendors/messengers.hpp"

#include "engine/base/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sallyport::lab {

http::Response WebhookLab::answer(const VendorRequest& request) {
  const auto signature = to_hex(hmac_sha256("lab-webhook-key-0123", request.body));
  if (request.header("X-Sallyport-Signature") != "sha256=" + signature) return {.status = 401};
  const auto body = request.json();
  const auto key = request.header("Idempotency-Key");
  if (request.method != "POST" || !body || key.empty() || text_at(*body, "id") != key ||
      text_at(*body, "text").empty() || text_at(*body, "to").empty())
    return {.status = 400};
  received.emplace(key, *body);
  return {.status = 204};
}

http::Response TeamsLab::answer(const VendorRequest& request) {
  const auto refused = [](int status, std::string_view code) {
    return json_answer(status, {{"error", {{"code", code}, {"message", "lab"}}}});
  };
  if (!request.is("POST", {"workflows", "0a1b", "triggers", "manual", "paths", "invoke"}))
    return refused(404, "WorkflowNotFound");
  if (request.parameter("sig") != "lab-teams-sig" || request.parameter("sv") != "1.0" ||
      request.parameter("sp") != "/triggers/manual/run")
    return refused(401, "DirectApiAuthorizationRequired");
  if (request.parameter("api-version").empty()) return refused(400, "MissingApiVersionParameter");
  const auto body = request.json();
  const auto type = body ? text_at(*body, "attachments.0.contentType") : "";
  const auto text = body ? text_at(*body, "attachments.0.content.body.0.text") : "";
  if (type != "application/vnd.microsoft.card.adaptive" || text.empty() ||
      text_at(*body, "attachments.0.content.type") != "AdaptiveCard")
    return refused(400, "TriggerInputSchemaMismatch");
  messages.push_back(text);
  return {.status = 202};
}

http::Response MattermostLab::answer(const VendorRequest& request) {
  const auto refused = [](int status, std::string_view id) {
    return json_answer(status, {{"id", id}, {"message", "lab"}, {"status_code", status}});
  };
  if (request.header("Authorization") != "Bearer lab-mattermost-token")
    return refused(401, "api.context.session_expired.app_error");
  const auto body = request.json();
  if (!request.is("POST", {"api", "v4", "posts"}) || !body)
    return refused(404, "api.context.404.app_error");
  if (text_at(*body, "channel_id") != "4xp9fdt77pncbef59f4k1qe83o")
    return refused(403, "api.context.permissions.app_error");
  if (text_at(*body, "message").empty()) return refused(400, "api.post.create_post.app_error");
  auto key = text_at(*body, "pending_post_id");
  if (key.empty()) key = fmt::format("none-{}", messages.size());
  messages.emplace(key, text_at(*body, "message"));
  const auto n = std::distance(messages.begin(), messages.find(key));
  return json_answer(201, {{"id", fmt::format("post{:022}", n)}, {"message", messages.at(key)}});
}

http::Response MatrixLab::answer(const VendorRequest& request) {
  const auto refused = [](int status, std::string_view code) {
    return json_answer(status, {{"errcode", code}, {"error", "lab"}});
  };
  if (request.header("Authorization") != "Bearer lab-matrix-token")
    return refused(401, "M_UNKNOWN_TOKEN");
  if (!request.is("PUT", {"_matrix", "client", "v3", "rooms", "*", "send", "m.room.message", "*"}))
    return refused(404, "M_UNRECOGNIZED");
  if (request.path[4] != "!soc:acme.example") return refused(403, "M_FORBIDDEN");
  const auto body = request.json();
  if (!body || text_at(*body, "msgtype") != "m.notice" || text_at(*body, "body").empty())
    return refused(400, "M_BAD_JSON");
  messages.emplace(request.path[7], text_at(*body, "body"));
  return json_answer(200, {{"event_id", "$" + request.path[7]}});
}

http::Response OpsgenieLab::answer(const VendorRequest& request) {
  const auto refused = [](int status, std::string_view message) {
    return json_answer(status, {{"message", message}, {"took", 0.01}, {"requestId", "lab"}});
  };
  if (request.header("Authorization") != "GenieKey lab-opsgenie-key")
    return refused(401, "Could not authenticate");
  if (request.is("GET", {"v2", "alerts", "requests", "*"})) {
    const auto n = std::strtoul(request.path[3].substr(24).c_str(), nullptr, 10);
    if (n == 0 || n > requests_.size()) return refused(404, "Request not found");
    auto& alert = alerts.at(requests_[n - 1]);
    if (++alert.looks < 2)
      return refused(404, "Request not found. It might not be processed, yet.");
    return json_answer(200, {{"data", {{"isSuccess", knows_team}, {"status", "lab"}}}});
  }
  if (request.is("GET", {"v2", "alerts", "*"})) {
    const auto found = alerts.find(request.path[2]);
    if (request.parameter("identifierType") != "alias" || found == alerts.end() || !knows_team)
      return refused(404, "Alert does not exist");
    return json_answer(
        200, {{"data", {{"id", "lab"}, {"status", "open"}, {"message", found->second.message}}}});
  }
  const auto body = request.json();
  if (!request.is("POST", {"v2", "alerts"})) return refused(404, "Not found");
  const auto message = body ? text_at(*body, "message") : "";
  if (message.empty() || message.size() > 130 || text_at(*body, "alias").empty() ||
      text_at(*body, "responders.0.type") != "team")
    return refused(422, "Request body is not processable");
  requests_.push_back(text_at(*body, "alias"));
  alerts.emplace(requests_.back(), Alert{.message = message});
  return json_answer(
      202,
      {{"result", "Request will be processed"},
       {"requestId", fmt::format("77777777-0000-4000-8000-{:012}", requests_.size())}});
}

http::Response OpenC2Lab::answer(const VendorRequest& request) {
  constexpr std::string_view type = "application/openc2+json;version=1.0";
  const auto respond = [&](int status, std::string_view text) -> http::Response {
    json::object response{{"status", status}, {"status_text", text}};
    json::object openc2{{"response", std::move(response)}};
    return {.status = 200,
            .headers = {{"Content-Type", std::string{type}}},
            .body = to_json(json::object{
                {"headers", json::object{{"request_id", request.header("X-Request-ID")}}},
                {"body", json::object{{"openc2", std::move(openc2)}}}})};
  };
  if (request.header("Authorization") != "Bearer lab-openc2-token") return {.status = 401};
  if (!request.is("POST", {".well-known", "openc2"})) return {.status = 404};
  const auto body = parse_json(request.body);
  if (request.header("Content-Type") != type || !body) return {.status = 415};
  if (text_at(*body, "headers.request_id") != request.header("X-Request-ID"))
    return respond(400, "request_id");
  const auto action = text_at(*body, "body.openc2.request.action");
  const auto* target = part_of(*body, "body.openc2.request.target");
  const auto* named = target ? target->if_object() : nullptr;
  if (!named || named->size() != 1) return respond(400, "a command has one target");
  const std::string kind{named->begin()->key()};
  const auto value = text_at(*target, kind == "device" ? "device.hostname" : kind);
  const bool network = kind == "ipv4_net" || kind == "ipv6_net";
  constexpr std::array<std::string_view, 3> kinds{"domain_name", "device", "ipv6_net"};
  if (value.empty() || (network && !value.contains('/')) ||
      (kind != "ipv4_net" && std::ranges::find(kinds, kind) == kinds.end()))
    return respond(501, "target not implemented");
  if (action != "deny" && action != "allow" && action != "contain")
    return respond(501, "action not implemented");
  const auto direction = text_at(*body, "body.openc2.request.args.slpf.direction");
  if (network && direction != "both" && direction != "ingress" && direction != "egress")
    return respond(400, "slpf.direction");
  actions[value] = action;
  if (network) directions[value] = direction;
  return respond(200, "OK");
}

}  // namespace sallyport::lab
