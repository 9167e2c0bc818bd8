#include "tools/lab/vendors/keycloak.hpp"

#include <algorithm>

namespace sallyport::lab {

namespace {

constexpr std::string_view keycloak_token = "lab-keycloak-token";

json::value shown(const KeycloakLab::User& user) {
  return json::value(json::object{{"id", user.id},
                                  {"username", user.name},
                                  {"enabled", user.enabled},
                                  {"requiredActions", user.required_actions}});
}

http::Response keycloak_error(int status, std::string_view what) {
  return json_answer(status, {{"error", what}});
}

}  // namespace

KeycloakLab::KeycloakLab() {
  for (const auto& [id, name] : {std::pair{"0a6e5a33-1c1f-4d3e-9a44-0d2f3c1b0001", "alice"},
                                 {"0a6e5a33-1c1f-4d3e-9a44-0d2f3c1b0002", "bob"}})
    users_.emplace(
        id, User{.id = id, .name = name, .required_actions = json::array{"UPDATE_PASSWORD"}});
}

KeycloakLab::User& KeycloakLab::user(const std::string& name) {
  return std::ranges::find_if(users_, [&](const auto& entry) { return entry.second.name == name; })
      ->second;
}

http::Response KeycloakLab::token(const VendorRequest& request) {
  const auto form = request.form();
  if (!form || http::value_of(*form, "grant_type") != "client_credentials")
    return keycloak_error(400, "invalid_request");
  if (http::value_of(*form, "client_id") != "lab-client" ||
      http::value_of(*form, "client_secret") != "lab-client-secret")
    return keycloak_error(401, "invalid_client");
  return json_answer(
      200, {{"access_token", keycloak_token}, {"expires_in", 60}, {"token_type", "Bearer"}});
}

http::Response KeycloakLab::update(User& user, const VendorRequest& request) {
  const auto body = request.json();
  if (!body || !body->is_object()) return keycloak_error(415, "HTTP 415 Unsupported Media Type");
  for (const auto& [key, value] : body->get_object()) {
    if (key == "enabled" && value.is_bool()) {
      user.enabled = value.get_bool();
    } else if (key == "requiredActions" && value.is_array()) {
      user.required_actions = value.get_array();  // replaces the list, as Keycloak does
    } else {
      return keycloak_error(400, "unrecognized field");
    }
  }
  return {.status = 204};
}

http::Response KeycloakLab::answer(const VendorRequest& request) {
  if (request.is("POST", {"realms", "acme", "protocol", "openid-connect", "token"}))
    return token(request);
  if (request.header("Authorization") != fmt::format("Bearer {}", keycloak_token))
    return keycloak_error(401, "HTTP 401 Unauthorized");
  if (request.is("GET", {"admin", "realms", "acme", "users"})) {
    json::array found;
    const auto name = request.parameter("username");
    for (const auto& [id, user] : users_)
      if (request.parameter("exact") == "true" ? user.name == name : user.name.contains(name))
        found.push_back(shown(user));
    return json_answer(200, found);
  }
  const bool about_user = request.path.size() >= 5 && request.path[0] == "admin" &&
                          request.path[2] == "acme" && request.path[3] == "users";
  const auto found = about_user ? users_.find(request.path[4]) : users_.end();
  if (found == users_.end()) return keycloak_error(404, "User not found");
  auto& user = found->second;
  if (request.is("GET", {"admin", "realms", "*", "users", "*"}))
    return json_answer(200, shown(user));
  if (request.is("PUT", {"admin", "realms", "*", "users", "*"})) return update(user, request);
  if (request.is("GET", {"admin", "realms", "*", "users", "*", "sessions"})) {
    json::array sessions;
    for (int i = 0; i < user.sessions; ++i)
      sessions.push_back(
          json::object{{"id", fmt::format("session-{}", i)}, {"username", user.name}});
    return json_answer(200, sessions);
  }
  if (request.is("POST", {"admin", "realms", "*", "users", "*", "logout"})) {
    user.sessions = 0;
    return {.status = 204};
  }
  if (request.is("PUT", {"admin", "realms", "*", "users", "*", "reset-password"})) {
    const auto body = request.json();
    if (!body || text_in(*body, "type") != "password" || text_in(*body, "value").size() < 8)
      return keycloak_error(400, "invalidPasswordMinLengthMessage");
    user.password = text_in(*body, "value");
    if (text_at(*body, "temporary") == "true")
      user.required_actions.emplace_back("UPDATE_PASSWORD");
    return {.status = 204};
  }
  return keycloak_error(405, "HTTP 405 Method Not Allowed");
}

}  // namespace sallyport::lab
