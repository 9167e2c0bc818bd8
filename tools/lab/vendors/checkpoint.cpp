#include "tools/lab/vendors/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sallyport::lab {

namespace {

constexpr std::string_view usual_group = "soc-block";
constexpr std::array<std::string_view, 3> known_groups{
    usual_group, "soc-block-in", "soc-block-out"};

bool is_group(std::string_view name) {
  return std::ranges::find(known_groups, name) != known_groups.end();
}

/// How a member of a group stands in Objects.
std::string member_of(std::string_view group, const std::string& host) {
  return group == usual_group ? host : fmt::format("{}/{}", group, host);
}

http::Response refusal(int status, std::string_view code) {
  return json_answer(status, {{"code", code}, {"message", "lab"}});
}

/// An object as it is shown; every name has a UID of its own.
http::Response object(const std::string& name, json::array groups = {}) {
  const auto uid = fmt::format("55555555-0000-4000-8000-{:012}",
                               std::hash<std::string>{}(name) % 1'000'000'000'000);
  return json_answer(200,
                     json::object{{"uid", uid}, {"name", name}, {"groups", std::move(groups)}});
}

}  // namespace

http::Response CheckPointLab::begin(bool installs_policy) {
  const auto id = fmt::format("66666666-0000-4000-8000-{:012}", tasks_.size() + 1);
  tasks_[id] = {.installs_policy = installs_policy};
  return json_answer(200, {{"task-id", id}});
}

http::Response CheckPointLab::show_task(const json::value& body) {
  const auto found = tasks_.find(text_at(body, "task-id"));
  if (found == tasks_.end()) return refusal(404, "generic_err_object_not_found");
  auto& task = found->second;
  if (task.status == "in progress" && ++task.looks >= 2) {
    task.status = task.installs_policy && !installs ? "failed" : "succeeded";
    // What is installed is what is published by then.
    if (task.installs_policy && installs) installed = published.members;
  }
  json::array tasks;
  tasks.push_back(json::object{{"task-id", found->first}, {"status", task.status}});
  return json_answer(200, json::object{{"tasks", std::move(tasks)}});
}

http::Response CheckPointLab::change(const std::string& what, const json::value& body) {
  const auto name = text_at(body, "name");
  if (what == "add-host") {
    const bool set = text_at(body, "set-if-exists") == "true";
    if (text_at(body, "ip-address").empty())
      return refusal(400, "generic_err_missing_required_parameters");
    if (!draft.hosts.insert(name).second && !set) return refusal(400, "err_validation_failed");
    return object(name);
  }
  if (!is_group(name)) return refusal(404, "generic_err_object_not_found");
  const auto added = text_at(body, "members.add");
  const auto removed = text_at(body, "members.remove");
  const auto& member = added.empty() ? removed : added;
  if (member.empty() || !draft.hosts.contains(member))
    return refusal(404, "generic_err_object_not_found");
  if (added.empty()) {
    draft.members.erase(member_of(name, member));
  } else {
    draft.members.insert(member_of(name, member));
  }
  return object(name);
}

http::Response CheckPointLab::answer(const VendorRequest& request) {
  const auto body = request.json();
  if (!request.is("POST", {"web_api", "*"}) || !body || !body->is_object())
    return refusal(400, "generic_err_invalid_syntax");
  const auto& what = request.path[1];
  if (what == "login") {
    if (text_at(*body, "user") != "lab-user" || text_at(*body, "password") != "lab-password")
      return refusal(400, "err_login_failed");
    draft = published;
    return json_answer(200,
                       {{"sid", fmt::format("lab-sid-{}", ++sessions_)}, {"session-timeout", 600}});
  }
  if (request.header("X-chkp-sid") != fmt::format("lab-sid-{}", sessions_))
    return refusal(401, "generic_err_wrong_session_id");
  if (what == "show-group")
    return is_group(text_at(*body, "name")) ? object(text_at(*body, "name"))
                                            : refusal(404, "generic_err_object_not_found");
  if (what == "show-host") {
    const auto name = text_at(*body, "name");
    if (!draft.hosts.contains(name)) return refusal(404, "generic_err_object_not_found");
    json::array of;
    for (const auto group : known_groups)
      if (draft.members.contains(member_of(group, name)))
        of.push_back(json::object{{"name", group}});
    return object(name, std::move(of));
  }
  if (what == "add-host" || what == "set-group") return change(what, *body);
  if (what == "publish") {
    published = draft;
    return begin(false);
  }
  if (what == "discard") {
    draft = published;
    ++discards;
    return json_answer(200, {{"message", "OK"}});
  }
  if (what == "install-policy")
    return text_at(*body, "policy-package") == "Standard" ? begin(true)
                                                          : refusal(400, "generic_error");
  if (what == "show-task") return show_task(*body);
  return refusal(404, "generic_err_command_not_found");
}

}  // namespace sallyport::lab
