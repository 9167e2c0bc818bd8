#include "tools/lab/vendors/firewalls.hpp"

#include <algorithm>
#include <cstdlib>

namespace sallyport::lab {

namespace {

http::Response xml(std::string body, int status = 200) {
  return {
      .status = status, .headers = {{"Content-Type", "application/xml"}}, .body = std::move(body)};
}

http::Response panos_error(int code, std::string_view line) {
  return xml(fmt::format(
      R"(<response status="error" code="{}"><msg><line>{}</line></msg></response>)", code, line));
}

/// Digits, dots, colons and hexadecimal letters: what an address is written with.
bool looks_like_address(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef.:") == std::string_view::npos;
}

}  // namespace

http::Response PanosLab::show(const std::string& cmd) {
  const auto address = between(cmd, "<ip>", "</ip>");
  if (!looks_like_address(address)) return panos_error(17, "invalid address");
  std::string entry;
  if (const auto found = tags.find(address); found != tags.end() && !found->second.empty()) {
    for (const auto& tag : found->second) entry += "<member>" + tag + "</member>";
    entry = fmt::format(R"(<entry ip="{}" from_agent="0"><tag>{}</tag></entry>)", address, entry);
  }
  return xml(
      fmt::format(R"(<response status="success"><result>{}<count>{}</count></result></response>)",
                  entry,
                  entry.empty() ? 0 : 1));
}

http::Response PanosLab::update(const std::string& cmd) {
  const auto address = between(cmd, "ip=\"", "\"");
  const bool add = cmd.contains("<register>");
  const auto member = between(cmd, "<member", "</member>");
  const auto tag = member.substr(member.find('>') + 1);
  if (!looks_like_address(address) || tag.empty() || (!add && !cmd.contains("<unregister>")))
    return panos_error(17, "invalid command");
  const auto timeout = between(member, "timeout=\"", "\"");
  if (timeout.size() > 7 || std::strtol(timeout.c_str(), nullptr, 10) > 2'592'000)
    return panos_error(17, "timeout: must be from 0 to 2592000");
  auto& now = tags[address];
  if (add ? !now.insert(tag).second : now.erase(tag) == 0)
    return panos_error(0,
                       add ? "tag " + tag + " already exists, ignore"
                           : "tag " + tag + " does not exist, ignore unreg");
  return xml(
      R"(<response status="success"><result><uid-response><version>2.0</version></uid-response></result></response>)");
}

http::Response PanosLab::answer(const VendorRequest& request) {
  const bool api = request.method == "POST" && request.path.size() == 2 &&
                   request.path[0] == "api" && request.path[1].empty();
  const auto form = request.form();
  if (!api || !form) return xml("<html/>", 404);
  const auto value = [&](std::string_view name) {
    return std::string{http::value_of(*form, name).value_or("")};
  };
  if (value("type") == "keygen") {
    if (value("user") != "lab-user" || value("password") != "lab-password")
      return xml(
          R"(<response status="error" code="403"><msg><line>Invalid Credential</line></msg></response>)",
          403);
    ++keys_given;
    key_valid = true;
    return xml(fmt::format(
        R"(<response status="success"><result><key>lab-panos-key-{}</key></result></response>)",
        keys_given));
  }
  if (!key_valid || request.header("X-PAN-KEY") != fmt::format("lab-panos-key-{}", keys_given))
    return panos_error(22, "Session timed out");
  if (value("type") == "op") return show(value("cmd"));
  if (value("type") == "user-id") return update(value("cmd"));
  return panos_error(17, "invalid type");
}

http::Response FortigateLab::answer(const VendorRequest& request) {
  const auto envelope = [](int status, json::value results) {
    return json_answer(status,
                       json::object{{"http_method", "GET"},
                                    {"status", status < 300 ? "success" : "error"},
                                    {"http_status", status},
                                    {"results", std::move(results)},
                                    {"vdom", "root"}});
  };
  if (request.header("Authorization") != "Bearer lab-forti-token") return {.status = 401};
  if (request.parameter("vdom") != "root") return envelope(424, nullptr);
  if (request.is("GET", {"api", "v2", "monitor", "user", "banned", "select"})) {
    json::array list;
    for (const auto& [address, seconds] : banned)
      list.push_back(
          json::object{{"ip_address", address}, {"cause", "Administrative"}, {"expires", seconds}});
    return envelope(200, list);
  }
  const bool add = request.is("POST", {"api", "v2", "monitor", "user", "banned", "add_users"});
  const bool clear = request.is("POST", {"api", "v2", "monitor", "user", "banned", "clear_users"});
  const auto body = request.json();
  const auto* object = body ? body->if_object() : nullptr;
  const auto* list = object ? object->if_contains("ip_addresses") : nullptr;
  if (!add && !clear) return envelope(404, nullptr);
  if (!list || !list->is_array() || list->get_array().size() != 1) return envelope(400, nullptr);
  const std::string address{list->get_array()[0].as_string()};
  if (!looks_like_address(address)) return envelope(400, nullptr);
  if (clear) {
    banned.erase(address);
  } else {
    const auto* expiry = object->if_contains("expiry");
    if (!expiry || !expiry->is_int64()) return envelope(400, nullptr);
    banned[address] = expiry->get_int64();
  }
  return envelope(200, nullptr);
}

std::set<std::string>* OpnsenseLab::alias(std::string_view name) {
  if (name == "soc_block") return &addresses;
  if (name == "soc_block_in") return &inbound;
  return name == "soc_block_out" ? &outbound : nullptr;
}

http::Response OpnsenseLab::answer(const VendorRequest& request) {
  // lab-key:lab-secret
  if (request.header("Authorization") != "Basic bGFiLWtleTpsYWItc2VjcmV0")
    return json_answer(401, {{"status", 401}, {"message", "Authentication Failed"}});
  auto* listed = request.path.size() == 5 ? alias(request.path[4]) : nullptr;
  if (listed && request.is("GET", {"api", "firewall", "alias_util", "list", "*"})) {
    json::array rows;
    for (const auto& address : *listed) rows.push_back(json::object{{"ip", address}});
    const auto n = rows.size();
    return json_answer(
        200,
        json::object{{"total", n}, {"rowCount", n}, {"current", 1}, {"rows", std::move(rows)}});
  }
  const bool add = request.is("POST", {"api", "firewall", "alias_util", "add", "*"});
  const bool remove = request.is("POST", {"api", "firewall", "alias_util", "delete", "*"});
  if (!add && !remove) return json_answer(404, {{"errorMessage", "Endpoint not found"}});
  const auto body = request.json();
  auto address = body ? text_in(*body, "address") : std::string{};
  if (!listed || address.empty()) return json_answer(200, {{"status", "failed"}});
  if (!looks_like_address(address.substr(0, address.find('/'))))
    return json_answer(200, {{"status", "not_an_address"}});
  if (!address.contains('/')) address += address.contains(':') ? "/128" : "/32";
  if (add) {
    listed->insert(address);
  } else {
    listed->erase(address);  // done, also when it was not there
  }
  return json_answer(200, {{"status", "done"}});
}

http::Response CloudflareLab::change(const VendorRequest& request) {
  const auto refused = [](std::string_view message) {
    json::array errors;
    errors.push_back(json::object{{"code", 10001}, {"message", message}});
    return json_answer(
        400, json::object{{"success", false}, {"errors", std::move(errors)}, {"result", nullptr}});
  };
  const auto body = request.json();
  if (!body) return refused("no JSON");
  if (request.method == "POST") {
    if (!body->is_array() || body->get_array().empty()) return refused("expected an array");
    for (const auto& item : body->get_array())
      adding_[fmt::format("{:032x}", items.size() + adding_.size() + 1)] = text_in(item, "ip");
  } else {
    const auto* object = body->if_object();
    const auto* list = object ? object->if_contains("items") : nullptr;
    if (!list || !list->is_array() || list->get_array().empty()) return refused("expected items");
    for (const auto& item : list->get_array()) removing_.insert(text_in(item, "id"));
  }
  looks_ = 0;
  return json_answer(
      200,
      json::object{{"success", true},
                   {"errors", json::array{}},
                   {"result", {{"operation_id", fmt::format("4da8780e{:024}", ++operations_)}}}});
}

bool CloudflareLab::settle() {
  if (++looks_ < 2) return false;
  for (const auto& [id, address] : adding_) {
    const bool known =
        std::ranges::any_of(items, [&](const auto& item) { return item.second == address; });
    if (!known) items.emplace(id, address);  // a list holds an address once
  }
  adding_.clear();
  std::erase_if(items, [&](const auto& item) { return removing_.contains(item.first); });
  removing_.clear();
  return true;
}

http::Response CloudflareLab::answer(const VendorRequest& request) {
  if (request.header("Authorization") != "Bearer lab-cf-token")
    return json_answer(401, json::object{{"success", false}, {"result", nullptr}});
  if (request.is("GET",
                 {"client", "v4", "accounts", "acc", "rules", "lists", "blocklist", "items"})) {
    (void)settle();
    json::array found;
    for (const auto& [id, address] : items)
      if (address.starts_with(request.parameter("search")))
        found.push_back(json::object{{"id", id}, {"ip", address}});
    return json_answer(200,
                       json::object{{"success", true},
                                    {"errors", json::array{}},
                                    {"result", std::move(found)},
                                    {"result_info", json::object{}}});
  }
  if (request.is("POST",
                 {"client", "v4", "accounts", "acc", "rules", "lists", "blocklist", "items"}) ||
      request.is("DELETE",
                 {"client", "v4", "accounts", "acc", "rules", "lists", "blocklist", "items"}))
    return change(request);
  if (request.is("GET",
                 {"client", "v4", "accounts", "acc", "rules", "lists", "bulk_operations", "*"})) {
    const bool done = settle();
    return json_answer(
        200,
        json::object{
            {"success", true},
            {"errors", json::array{}},
            {"result", {{"id", request.path[7]}, {"status", done ? "completed" : "pending"}}}});
  }
  return json_answer(404, json::object{{"success", false}, {"result", nullptr}});
}

}  // namespace sallyport::lab
