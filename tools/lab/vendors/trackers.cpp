#include "tools/lab/vendors/trackers.hpp"

#include <algorithm>
#include <cstdlib>

namespace sallyport::lab {

namespace {

/// The issue of that number; nullptr: none.
TrackedIssue* numbered(std::vector<TrackedIssue>& issues, const std::string& number) {
  const auto n = std::strtoul(number.c_str(), nullptr, 10);
  return n == 0 || n > issues.size() ? nullptr : &issues[n - 1];
}

/// Those with `label`, each as `{NUMBER: ..., "title": ...}`.
json::array labelled(const std::vector<TrackedIssue>& issues,
                     const std::string& label,
                     std::string_view number) {
  json::array found;
  for (std::size_t i = 0; i < issues.size(); ++i) {
    if (std::ranges::find(issues[i].labels, label) == issues[i].labels.end()) continue;
    found.push_back(json::object{{number, i + 1}, {"title", issues[i].title}, {"_id", "~1"}});
  }
  return found;
}

std::vector<std::string> texts(const json::value& body, std::string_view path) {
  std::vector<std::string> list;
  const auto* value = part_of(body, path);
  if (!value || !value->is_array()) return list;
  for (const auto& item : value->get_array())
    if (item.is_string()) list.emplace_back(item.get_string());
  return list;
}

}  // namespace

http::Response TheHiveLab::answer(const VendorRequest& request) {
  const auto error = [](int status, std::string_view type) {
    return json_answer(status, {{"type", type}, {"message", "lab"}});
  };
  if (request.header("Authorization") != "Bearer lab-thehive-key")
    return error(401, "AuthenticationError");
  const auto body = request.json();
  if (request.is("POST", {"api", "v1", "query"}) && body) {
    const auto tag = text_at(*body, "query.1._eq._value");
    if (text_at(*body, "query.0._name") != "listCase" || tag.empty() ||
        text_at(*body, "query.1._eq._field") != "tags")
      return error(400, "BadRequest");
    return json_answer(200, labelled(cases, tag, "number"));
  }
  if (request.is("POST", {"api", "v1", "case"}) && body) {
    const auto severity = text_at(*body, "severity");
    if (text_at(*body, "title").empty() || text_at(*body, "description").empty() ||
        severity.size() != 1 || severity < "1" || severity > "4")
      return error(400, "BadRequest");
    cases.push_back(
        {.title = text_at(*body, "title"), .labels = texts(*body, "tags"), .comments = {}});
    return json_answer(201, {{"_id", "~4128"}, {"number", cases.size()}});
  }
  auto* found = request.path.size() >= 4 ? numbered(cases, request.path[3]) : nullptr;
  if (!found) return error(404, "NotFoundError");
  if (request.is("GET", {"api", "v1", "case", "*"}))
    return json_answer(200, {{"_id", "~4128"}, {"title", found->title}, {"status", "New"}});
  if (request.is("POST", {"api", "v1", "case", "*", "comment"}) && body &&
      !text_at(*body, "message").empty()) {
    found->comments.push_back(text_at(*body, "message"));
    return json_answer(201, {{"_id", "~8256"}});
  }
  return error(400, "BadRequest");
}

http::Response GithubLab::answer(const VendorRequest& request) {
  const auto error = [](int status, std::string_view message) {
    return json_answer(status, {{"message", message}, {"documentation_url", "lab"}});
  };
  if (request.header("Authorization") != "Bearer lab-github-token")
    return error(401, "Bad credentials");
  if (request.header("User-Agent").empty()) return error(403, "Request forbidden");
  if (request.header("Accept") != "application/vnd.github+json" ||
      request.header("X-GitHub-Api-Version") != "2022-11-28")
    return error(415, "Unsupported 'Accept' header");
  const auto body = request.json();
  if (request.is("GET", {"repos", "acme", "soc", "issues"}))
    return json_answer(200, labelled(issues, request.parameter("labels"), "number"));
  if (request.is("POST", {"repos", "acme", "soc", "issues"})) {
    if (!body || text_at(*body, "title").empty()) return error(422, "Validation Failed");
    issues.push_back(
        {.title = text_at(*body, "title"), .labels = texts(*body, "labels"), .comments = {}});
    return json_answer(201, {{"id", 1}, {"number", issues.size()}});
  }
  auto* found = request.path.size() >= 5 ? numbered(issues, request.path[4]) : nullptr;
  if (!found) return error(404, "Not Found");
  if (request.is("GET", {"repos", "acme", "soc", "issues", "*"}))
    return json_answer(200, {{"state", "open"}, {"title", found->title}});
  if (request.is("POST", {"repos", "acme", "soc", "issues", "*", "comments"})) {
    if (!body || text_at(*body, "body").empty()) return error(422, "Validation Failed");
    found->comments.push_back(text_at(*body, "body"));
    return json_answer(201, {{"id", 1}});
  }
  return error(404, "Not Found");
}

http::Response GitlabLab::answer(const VendorRequest& request) {
  const auto error = [](int status, std::string_view message) {
    return json_answer(status, {{"message", message}});
  };
  if (request.header("PRIVATE-TOKEN") != "lab-gitlab-token") return error(401, "401 Unauthorized");
  const auto body = request.json();
  if (request.is("GET", {"api", "v4", "projects", "42", "issues"}))
    return json_answer(200, labelled(issues, request.parameter("labels"), "iid"));
  if (request.is("POST", {"api", "v4", "projects", "42", "issues"})) {
    if (!body || text_at(*body, "title").empty()) return error(400, "title is missing");
    issues.push_back(
        {.title = text_at(*body, "title"), .labels = {text_at(*body, "labels")}, .comments = {}});
    return json_answer(201, {{"id", 1}, {"iid", issues.size()}});
  }
  auto* found = request.path.size() >= 6 ? numbered(issues, request.path[5]) : nullptr;
  if (!found) return error(404, "404 Not found");
  if (request.is("GET", {"api", "v4", "projects", "42", "issues", "*"}))
    return json_answer(200, {{"state", "opened"}, {"title", found->title}});
  if (request.is("POST", {"api", "v4", "projects", "42", "issues", "*", "notes"})) {
    if (!body || text_at(*body, "body").empty()) return error(400, "body is missing");
    found->comments.push_back(text_at(*body, "body"));
    return json_answer(201, {{"id", 1}});
  }
  return error(404, "404 Not found");
}

}  // namespace sallyport::lab
