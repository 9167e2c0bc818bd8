#include "connectors/native/nftables/ruleset.hpp"

#include "connectors/native/base/text.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace sallyport::connectors::nftables {

namespace {

constexpr auto family = "inet";
/// Listings tell whole seconds: what lies this close together is the same moment.
constexpr std::chrono::seconds same_moment{3};

const json::value* at(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  return object ? object->if_contains(key) : nullptr;
}

std::string text_at(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  return object ? text_of(*object, key) : std::string{};
}

Result<Network> network_of(const json::value& value) {
  if (const auto* text = value.if_string())
    return Network::parse(std::string_view{text->data(), text->size()});
  const auto* prefix = at(value, "prefix");
  const auto* length = prefix ? at(*prefix, "len") : nullptr;
  if (!length || !length->is_int64()) return fail(Errc::invalid_input, "no address");
  return Network::parse(fmt::format("{}/{}", text_at(*prefix, "addr"), length->get_int64()));
}

std::optional<Element> element_of(const json::value& item, Time now) {
  const auto* details = at(item, "elem");
  const auto* value = details ? at(*details, "val") : &item;
  if (!value) return std::nullopt;
  const auto network = network_of(*value);
  if (!network) return std::nullopt;  // a range that an administrator wrote: not one of ours
  Element element{.network = *network};
  if (!details) return element;
  element.comment = text_at(*details, "comment");
  if (const auto* timeout = at(*details, "timeout"); timeout && timeout->is_int64()) {
    element.timeout_s = timeout->get_int64();
    const auto* expires = at(*details, "expires");
    const auto left = expires && expires->is_int64() ? expires->get_int64() : *element.timeout_s;
    element.ends_at = now + std::chrono::seconds{left};
  }
  return element;
}

bool lasts_longer(const Element& a, const std::optional<Element>& b) {
  if (!b || !a.ends_at) return true;
  return b->ends_at && *a.ends_at > *b->ends_at;
}

/// Notes the sets (`@name`) that a rule looks at, if the rule drops or rejects.
void note_dropping_sets(const json::value& rule, std::set<std::string>& sets) {
  const auto* expressions = at(rule, "expr");
  const auto* list = expressions ? expressions->if_array() : nullptr;
  if (!list) return;
  const bool drops = std::ranges::any_of(
      *list, [](const auto& part) { return at(part, "drop") || at(part, "reject"); });
  if (!drops) return;
  for (const auto& part : *list) {
    const auto* match = at(part, "match");
    if (!match) continue;
    const auto right = text_at(*match, "right");
    if (right.starts_with('@')) sets.insert(right.substr(1));
  }
}

json::value value_of(const Network& network) {
  if (network.is_host()) return json::string{network.address_text()};
  return json::object{{"prefix", {{"addr", network.address_text()}, {"len", network.length()}}}};
}

json::object in_table(const Config& config, json::object rest) {
  rest["family"] = family;
  rest["table"] = config.table;
  return rest;
}

json::object drop_rule(const Config& config,
                       std::string_view chain,
                       std::string_view field,
                       const std::string& set,
                       bool v4) {
  json::array expressions{
      json::object{{"match",
                    {{"op", "=="},
                     {"left", {{"payload", {{"protocol", v4 ? "ip" : "ip6"}, {"field", field}}}}},
                     {"right", "@" + set}}}},
      json::object{{"counter", nullptr}},
      json::object{{"drop", nullptr}}};
  return {
      {"add", {{"rule", in_table(config, {{"chain", chain}, {"expr", std::move(expressions)}})}}}};
}

}  // namespace

const std::string& set_of(const Config& config, const Network& network) {
  if (network.is_v4()) return network.is_host() ? config.hosts_v4 : config.networks_v4;
  return network.is_host() ? config.hosts_v6 : config.networks_v6;
}

Found find_in(const json::value& listing, const Config& config, const Network& network, Time now) {
  Found found;
  std::set<std::string> sets;
  std::set<std::string> dropping;
  const auto& networks = network.is_v4() ? config.networks_v4 : config.networks_v6;
  const auto& own = set_of(config, network);
  const auto* items = at(listing, "nftables");
  if (!items || !items->is_array()) return found;
  for (const auto& item : items->get_array()) {
    if (const auto* rule = at(item, "rule")) note_dropping_sets(*rule, dropping);
    const auto* set = at(item, "set");
    if (!set) continue;
    const auto name = text_at(*set, "name");
    sets.insert(name);
    const auto* elements = at(*set, "elem");
    if (!elements || !elements->is_array() || (name != own && name != networks)) continue;
    for (const auto& each : elements->get_array()) {
      const auto element = element_of(each, now);
      if (!element || !element->network.contains(network)) continue;
      if (element->network == network && name == own) {
        found.element = element;
      } else if (lasts_longer(*element, found.cover)) {
        found.cover = element;
      }
    }
  }
  found.prepared = std::ranges::all_of(
      std::array{&config.hosts_v4, &config.hosts_v6, &config.networks_v4, &config.networks_v6},
      [&](const auto* name) { return sets.contains(*name); });
  found.enforced = dropping.contains(own);
  return found;
}

bool holds(const Wanted& wanted, const Found& found, Time now) {
  const auto close = [](Time a, Time b) { return std::chrono::abs(a - b) <= same_moment; };
  const auto end = wanted.duration_s ? std::optional{now + std::chrono::seconds{*wanted.duration_s}}
                                     : std::nullopt;
  if (!wanted.blocked) return !found.element && (wanted.restoring || !found.cover);
  if (wanted.restoring) {
    if (!found.element || found.element->ends_at.has_value() != end.has_value()) return false;
    return !end || close(*found.element->ends_at, *end);
  }
  const auto enough = [&](const std::optional<Element>& element) {
    if (!element) return false;
    if (!element->ends_at) return true;
    return end && *element->ends_at >= *end - same_moment;
  };
  const bool made_by_this = found.element && !wanted.comment.empty() &&
                            found.element->comment == wanted.comment &&
                            found.element->timeout_s == wanted.duration_s;
  return made_by_this || enough(found.element) || enough(found.cover);
}

json::value list_command(const Config& config) {
  return {{"nftables",
           json::array{{{"list", {{"table", {{"family", family}, {"name", config.table}}}}}}}}};
}

json::value prepare_command(const Config& config) {
  json::array commands;
  commands.push_back({{"add", {{"table", {{"family", family}, {"name", config.table}}}}}});
  const auto add_set = [&](const std::string& name, bool v4, json::array flags) {
    commands.push_back({{"add",
                         {{"set",
                           in_table(config,
                                    {{"name", name},
                                     {"type", v4 ? "ipv4_addr" : "ipv6_addr"},
                                     {"flags", std::move(flags)}})}}}});
  };
  add_set(config.hosts_v4, true, {"timeout"});
  add_set(config.hosts_v6, false, {"timeout"});
  add_set(config.networks_v4, true, {"interval", "timeout"});
  add_set(config.networks_v6, false, {"interval", "timeout"});
  for (const std::string_view hook : {"input", "forward", "output"}) {
    // Before the usual filter chains, whose rule for established connections would let them live.
    commands.push_back({{"add",
                         {{"chain",
                           in_table(config,
                                    {{"name", hook},
                                     {"type", "filter"},
                                     {"hook", hook},
                                     {"prio", -10},
                                     {"policy", "accept"}})}}}});
    commands.push_back({{"flush", {{"chain", in_table(config, {{"name", hook}})}}}});
    for (const std::string_view field : {"saddr", "daddr"}) {
      commands.push_back(drop_rule(config, hook, field, config.hosts_v4, true));
      commands.push_back(drop_rule(config, hook, field, config.networks_v4, true));
      commands.push_back(drop_rule(config, hook, field, config.hosts_v6, false));
      commands.push_back(drop_rule(config, hook, field, config.networks_v6, false));
    }
  }
  return {{"nftables", std::move(commands)}};
}

json::value change_command(const Config& config, const Wanted& wanted, const Found& found) {
  json::array commands;
  const auto element = [&](json::value item) {
    return json::object{{"element",
                         in_table(config,
                                  {{"name", set_of(config, wanted.network)},
                                   {"elem", json::array{std::move(item)}}})}};
  };
  if (found.element) commands.push_back({{"delete", element(value_of(wanted.network))}});
  if (wanted.blocked) {
    json::object details{{"val", value_of(wanted.network)}};
    if (wanted.duration_s) details["timeout"] = *wanted.duration_s;
    if (!wanted.comment.empty()) details["comment"] = wanted.comment;
    commands.push_back({{"add", element({{"elem", std::move(details)}})}});
  }
  return {{"nftables", std::move(commands)}};
}

json::object state_of(const Config& config, const Network& network, const Found& found) {
  json::object state{{"table", config.table},
                     {"set", set_of(config, network)},
                     {"element", network.text()},
                     {"present", found.element.has_value()},
                     {"enforced", found.enforced}};
  if (found.element) {
    if (found.element->timeout_s) state["timeout_s"] = *found.element->timeout_s;
    if (found.element->ends_at) state["ends_at"] = to_rfc3339(*found.element->ends_at);
    if (!found.element->comment.empty()) state["comment"] = found.element->comment;
  }
  if (found.cover) state["covered_by"] = found.cover->network.text();
  return state;
}

Wanted restored(const json::object& state, const Network& network, Time now) {
  Wanted wanted{.network = network,
                .blocked = false,
                .restoring = true,
                .made_by = text_of(state, "made_by")};
  const auto* present = state.if_contains("present");
  if (!present || !present->is_bool() || !present->get_bool()) return wanted;
  wanted.comment = text_of(state, "comment");
  const auto ends = text_of(state, "ends_at");
  if (ends.empty()) {
    wanted.blocked = true;
    return wanted;
  }
  const auto at = parse_rfc3339(ends);
  const auto left = at ? std::chrono::ceil<std::chrono::seconds>(*at - now).count() : 0;
  if (left <= 0) return wanted;  // would have ended by now
  wanted.blocked = true;
  wanted.duration_s = left;
  return wanted;
}

}  // namespace sallyport::connectors::nftables
