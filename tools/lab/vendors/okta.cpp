#include "tools/lab/vendors/okta.hpp"

#include <algorithm>

namespace sallyport::lab {

namespace {

http::Response okta_error(int status, std::string_view code, std::string_view summary) {
  return json_answer(status,
                     {{"errorCode", code},
                      {"errorSummary", summary},
                      {"errorLink", code},
                      {"errorId", "oaeLab"},
                      {"errorCauses", json::array{}}});
}

}  // namespace

OktaLab::OktaLab() {
  for (const auto& [id, login, status] : {std::tuple{"00ualice", "alice@acme.example", "ACTIVE"},
                                          {"00ubob", "bob@acme.example", "ACTIVE"},
                                          {"00ucarol", "carol@acme.example", "SUSPENDED"},
                                          {"00udave", "dave@acme.example", "DEPROVISIONED"}})
    users_.emplace(id, User{.id = id, .login = login, .status = status});
}

OktaLab::User* OktaLab::find(const std::string& id_or_login) {
  const auto found = std::ranges::find_if(users_, [&](const auto& entry) {
    return entry.first == id_or_login || entry.second.login == id_or_login;
  });
  return found == users_.end() ? nullptr : &found->second;
}

OktaLab::User& OktaLab::user(const std::string& login) {
  return *find(login);
}

http::Response OktaLab::lifecycle(User& user, const std::string& what) {
  if (what == "suspend") {
    if (user.status != "ACTIVE")
      return okta_error(400, "E0000001", "Cannot suspend a user that is not active");
    user.status = "SUSPENDED";
  } else if (what == "unsuspend") {
    if (user.status != "SUSPENDED")
      return okta_error(400, "E0000001", "Cannot unsuspend a user that is not suspended");
    user.status = "ACTIVE";
  } else if (what == "reset_password") {
    if (user.status != "ACTIVE" && user.status != "PASSWORD_EXPIRED" && user.status != "LOCKED_OUT")
      return okta_error(403, "E0000017", "Password reset failed");
    user.status = "RECOVERY";
    user.sessions = 0;
    return json_answer(200, {{"resetPasswordUrl", "https://acme.okta.com/signin/reset/lab-link"}});
  } else {
    return okta_error(404, "E0000022", "The endpoint does not support the provided HTTP method");
  }
  return json_answer(200, json::object{});
}

http::Response OktaLab::answer(const VendorRequest& request) {
  if (request.header("Authorization") != "SSWS lab-okta-token")
    return okta_error(401, "E0000011", "Invalid token provided");
  const bool about_user = request.path.size() >= 4 && request.path[0] == "api" &&
                          request.path[1] == "v1" && request.path[2] == "users";
  if (!about_user) return okta_error(404, "E0000022", "The endpoint does not exist");
  auto* found = find(request.path[3]);
  if (!found)
    return okta_error(
        404, "E0000007", "Not found: Resource not found: " + request.path[3] + " (User)");
  if (request.is("GET", {"api", "v1", "users", "*"}))
    return json_answer(200,
                       {{"id", found->id},
                        {"status", found->status},
                        {"profile", {{"login", found->login}}},
                        {"credentials", {{"provider", {{"type", "OKTA"}}}}}});
  const bool lifecycle_call = request.is("POST", {"api", "v1", "users", "*", "lifecycle", "*"});
  const bool sessions_call = request.is("DELETE", {"api", "v1", "users", "*", "sessions"});
  if (!lifecycle_call && !sessions_call)
    return okta_error(405, "E0000022", "The endpoint does not support the provided HTTP method");
  if (!may_manage)
    return okta_error(
        403, "E0000006", "You do not have permission to perform the requested action");
  if (lifecycle_call) return lifecycle(*found, request.path[5]);
  found->sessions = 0;
  return {.status = 204};
}

}  // namespace sallyport::lab
