#pragma once

#include "engine/base/json.hpp"
#include "engine/base/time.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The gate a second time: deliberately naive, written from the text of the interface alone, over
/// the documents as they are, one question after the other. It shares no code with engine/gate.
namespace sallyport::naive {

struct Ran {
  std::string tenant;
  std::string verb;
  std::string entry;
  Time at;
};

inline std::string radius_of(const std::string& verb) {
  const auto among = [&](std::string_view list) {
    std::istringstream words{std::string{list}};
    for (std::string word; words >> word;) {
      if (word == verb) return true;
    }
    return false;
  };
  if (among("notify page create_ticket update_ticket verify_with_user search_siem "
            "acknowledge_alert"))
    return "MINIMAL";
  if (among("quarantine_file restore_file add_ioc remove_ioc scan_host capture_forensics "
            "create_notable_event suppress_alert"))
    return "LOW";
  if (among("block_ip unblock_ip block_domain unblock_domain kill_process reset_password force_mfa "
            "run_playbook"))
    return "MEDIUM";
  if (among("isolate_host release_host disable_user enable_user revoke_sessions run_script"))
    return "HIGH";
  if (among("rotate_all_credentials isolate_segment wipe_host")) return "CRITICAL";
  return "UNKNOWN";
}

inline const json::value* find(const json::value& at, std::string_view path) {
  const auto* here = &at;
  while (here && !path.empty()) {
    const auto dot = path.find('.');
    const auto* object = here->if_object();
    here = object ? object->if_contains(path.substr(0, dot)) : nullptr;
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  }
  return here;
}

inline std::string text(const json::value& value) {
  return value.is_string() ? std::string{value.get_string().c_str()} : std::string{};
}

inline std::string text(const json::value& at, std::string_view path) {
  const auto* found = find(at, path);
  return found ? text(*found) : "";
}

inline std::string lower(std::string value) {
  for (auto& c : value) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return value;
}

inline std::uint64_t v4(const std::string& address) {
  std::uint64_t result = 0;
  std::istringstream stream{address};
  int parts = 0;
  for (std::string part; std::getline(stream, part, '.'); ++parts) {
    if (part.empty() || part.find_first_not_of("0123456789") != std::string::npos)
      throw std::invalid_argument{"no address"};
    result = result * 256 + std::stoul(part);
  }
  if (parts != 4) throw std::invalid_argument{"no address"};
  return result;
}

inline bool in_cidr(const std::string& address, const std::string& range) try {
  const auto slash = range.find('/');
  const auto length = std::stoul(range.substr(slash + 1));
  const auto shift = 32 - length;
  return v4(address) >> shift == v4(range.substr(0, slash)) >> shift;
} catch (const std::invalid_argument&) {
  return false;
}

/// One value of a field against one value of a block.
inline bool meets(const json::value& found,
                  const std::string& modifier,
                  const json::value& wanted) {
  if (modifier == "gte")
    return found.is_number() && found.to_number<double>() >= wanted.to_number<double>();
  if (modifier == "startswith") return lower(text(found)).starts_with(lower(text(wanted)));
  if (modifier == "cidr") return in_cidr(text(found), text(wanted));
  if (found.is_bool()) return found == wanted;
  return found.is_string() && lower(text(found)) == lower(text(wanted));
}

inline bool matches(const json::value& block, const json::value& request) {
  if (const auto* list = block.if_array()) {
    return std::any_of(
        list->begin(), list->end(), [&](const auto& one) { return matches(one, request); });
  }
  for (const auto& item : block.get_object()) {
    const std::string key{item.key()};
    const auto bar = key.find('|');
    const auto modifier = bar == std::string::npos ? "" : key.substr(bar + 1);
    const auto* found = find(request, key.substr(0, bar));
    if (!found) return false;
    const auto one = [&](const json::value& wanted) {
      if (const auto* several = found->if_array()) {
        return std::any_of(several->begin(), several->end(), [&](const auto& value) {
          return meets(value, modifier, wanted);
        });
      }
      return meets(*found, modifier, wanted);
    };
    const auto* wanted = item.value().if_array();
    if (wanted ? std::none_of(wanted->begin(), wanted->end(), one) : !one(item.value()))
      return false;
  }
  return true;
}

inline bool glob(std::string_view pattern, std::string_view value) {
  if (pattern.empty()) return value.empty();
  if (pattern[0] == '*') {
    return glob(pattern.substr(1), value) || (!value.empty() && glob(pattern, value.substr(1)));
  }
  return !value.empty() && (pattern[0] == '?' || pattern[0] == value[0]) &&
         glob(pattern.substr(1), value.substr(1));
}

inline std::vector<json::value> several(const json::value* value) {
  if (!value) return {};
  if (const auto* list = value->if_array()) return {list->begin(), list->end()};
  return {*value};
}

/// Whether the key is absent or one of its values passes.
template <class Test>
bool key_passes(const json::value& entry, std::string_view key, const Test& test) {
  const auto* found = find(entry, key);
  if (!found) return true;
  const auto all = several(found);
  return std::any_of(all.begin(), all.end(), [&](const auto& one) { return test(text(one)); });
}

inline std::size_t count(const std::vector<Ran>& ran,
                         const std::string& tenant,
                         const std::string& verb,
                         const std::string& entry,
                         Time now,
                         std::chrono::seconds window) {
  return static_cast<std::size_t>(std::count_if(ran.begin(), ran.end(), [&](const Ran& one) {
    return one.tenant == tenant && (entry.empty() ? one.verb == verb : one.entry == entry) &&
           one.at > now - window;
  }));
}

inline bool used_up(const json::value& limits,
                    const std::string& prefix,
                    const std::vector<Ran>& ran,
                    const std::string& tenant,
                    const std::string& verb,
                    const std::string& entry,
                    Time now) {
  for (const auto& [name, window] : {std::pair{"minute", 60}, {"hour", 3600}, {"day", 86400}}) {
    const auto* most = find(limits, prefix + name);
    if (most && count(ran, tenant, verb, entry, now, std::chrono::seconds{window}) >=
                    most->to_number<std::size_t>())
      return true;
  }
  return false;
}

inline bool killed(const json::value* kill, const std::string& verb, const std::string& connector) {
  if (!kill) return false;
  if (kill->is_bool()) return kill->get_bool();
  if (const auto* all = find(*kill, "all"); all && all->get_bool()) return true;
  const auto names = [&](std::string_view key, const std::string& name) {
    const auto list = several(find(*kill, key));
    return std::any_of(
        list.begin(), list.end(), [&](const auto& one) { return text(one) == name; });
  };
  return names("verbs", verb) || (!connector.empty() && names("connectors", connector));
}

inline int tier_number(const std::string& tier) {
  return tier.empty() ? 0 : tier[1] - '0';
}

/// What the tier's set of radii holds.
inline bool in_set(int tier, const std::string& radius) {
  return (radius == "MINIMAL" && tier >= 1) || (radius == "LOW" && tier >= 2) ||
         (radius == "MEDIUM" && tier >= 3);
}

/// The tier of a tenant; while the review of who allowed it is overdue, at most L1.
inline int tier_of(const json::value& tenant, Time now) {
  const auto tier = tier_number(text(tenant, "tier"));
  const auto due = text(tenant, "authority.review_by");
  return !due.empty() && now >= parse_rfc3339(due).value() ? std::min(tier, 1) : tier;
}

inline bool holds(const json::value& freeze, Time now) {
  return now >= parse_rfc3339(text(freeze, "from")).value() &&
         now < parse_rfc3339(text(freeze, "to")).value();
}

/// `auto whitelist quarantine-workstations`; an entry is named, other rules are not.
inline std::string decide(const json::value& policy,
                          const json::value& request,
                          Time now,
                          const std::vector<Ran>& ran,
                          const std::string& connector = {}) {
  const auto tenant_name = text(request, "tenant");
  const auto verb = text(request, "action");
  const auto value = text(request, "target.value");
  const auto radius = radius_of(verb);
  static const json::value nobody{json::object{}};
  const auto* named = policy.at("tenants").get_object().if_contains(tenant_name);
  const auto& tenant = named ? *named : nobody;

  if (killed(find(policy, "kill_switch"), verb, connector) ||
      killed(find(tenant, "kill_switch"), verb, connector))
    return "blocked kill_switch";

  const auto overrides = several(find(tenant, "overrides." + verb));
  const auto applies_one = [&](const char* kind, const json::value& one) {
    const auto* on = find(one, kind);
    const auto* when = find(one, "when");
    const auto* unless = find(one, "unless");
    return on && on->get_bool() && (!when || matches(*when, request)) &&
           (!unless || !matches(*unless, request));
  };
  const auto applies = [&](const char* kind) {
    return std::any_of(overrides.begin(), overrides.end(), [&](const json::value& one) {
      return applies_one(kind, one);
    });
  };
  // No condition can judge what is meant to be an address and is none.
  const auto is_address = [&] {
    try {
      v4(value);
      return true;
    } catch (const std::invalid_argument&) {
      return false;
    }
  };
  const bool odd_address = text(request, "target.kind") == "ip" && !is_address();
  const auto forced = [&] {
    return std::any_of(overrides.begin(), overrides.end(), [&](const json::value& one) {
      const bool conditions = find(one, "when") || find(one, "unless");
      return !(conditions && odd_address) && applies_one("force_auto", one);
    });
  };
  if (applies("block")) return "blocked block_override";
  if (radius == "CRITICAL") return "queued critical";
  if (radius == "UNKNOWN") return "queued unknown_action";

  if (radius != "MINIMAL") {
    for (const auto& block : several(find(tenant, "protected"))) {
      if (matches(block, request)) return "queued protected_target";
    }
    if (const auto* grounded = find(request, "grounded"); grounded && !grounded->get_bool())
      return "queued ungrounded_target";
  }

  // The whitelist: of what matches and may run the smallest id; else of what is used up.
  std::string fires;
  std::string exhausted;
  for (const auto& entry : several(find(tenant, "whitelist"))) {
    const auto id = text(entry, "id");
    const auto* when = find(entry, "when");
    const auto* constraints = find(entry, "constraints");
    const auto tags = several(find(request, "target.tags"));
    const bool match =
        text(entry, "action") == verb && now < parse_rfc3339(text(entry, "expires")).value() &&
        key_passes(
            entry, "target", [&](const auto& one) { return value == one; }) &&
        key_passes(
            entry, "target_prefix", [&](const auto& one) { return value.starts_with(one); }) &&
        key_passes(
            entry, "target_glob", [&](const auto& one) { return glob(one, value); }) &&
        key_passes(
            entry, "target_cidr", [&](const auto& one) { return in_cidr(value, one); }) &&
        key_passes(
            entry,
            "target_tag",
            [&](const auto& one) {
              return std::any_of(
                  tags.begin(), tags.end(), [&](const auto& tag) { return text(tag) == one; });
            }) &&
        (!when || matches(*when, request)) && (!constraints || matches(*constraints, request));
    if (!match) continue;
    auto& best = used_up(entry, "max_per_", ran, tenant_name, verb, id, now) ? exhausted : fires;
    if (best.empty() || id < best) best = id;
  }

  for (const auto& freeze : several(find(tenant, "freezes"))) {
    if (!holds(freeze, now)) continue;
    const auto tier = tier_number(text(freeze, "tier"));
    const bool would_run = radius == "HIGH" ? tier == 4 && !fires.empty() : in_set(tier, radius);
    if (!would_run) return "queued freeze";
  }

  for (const auto& limit : several(find(tenant, "limits." + verb))) {
    const auto* when = find(limit, "when");
    if ((!when || matches(*when, request)) &&
        used_up(limit, "per_", ran, tenant_name, verb, "", now))
      return "queued rate_limit";
  }

  if (forced()) return "auto force_auto";

  const auto tier = tier_of(tenant, now);
  if (radius == "HIGH" && tier == 4) {
    if (!fires.empty()) return "auto whitelist " + fires;
    if (!exhausted.empty()) return "queued rate_limit " + exhausted;
    return "queued no_whitelist_match";
  }
  return in_set(tier, radius) ? "auto tier" : "queued tier";
}

/// What no action may exceed: the tier, and that of each freeze that holds.
inline int ceiling(const json::value& policy, const json::value& request, Time now) {
  const auto* tenant = policy.at("tenants").get_object().if_contains(text(request, "tenant"));
  if (!tenant) return 0;
  auto tier = tier_of(*tenant, now);
  for (const auto& freeze : several(find(*tenant, "freezes"))) {
    if (holds(freeze, now)) tier = std::min(tier, tier_number(text(freeze, "tier")));
  }
  return tier;
}

/// What becomes of a request that a person approved when the ceiling was `given`: `permit`, or what
/// stands against it. A block does, and a verb that nobody knows; and a ceiling that came down
/// since, unless it runs without a person anyway.
inline std::string decide_approved(const json::value& policy,
                                   const json::value& request,
                                   Time now,
                                   const std::vector<Ran>& ran,
                                   const std::string& connector,
                                   int given) {
  const auto decision = decide(policy, request, now, ran, connector);
  if (decision.starts_with("blocked") || decision == "queued unknown_action") return decision;
  const bool came_down = ceiling(policy, request, now) < given;
  return came_down && decision.starts_with("queued") ? decision : "permit";
}

}  // namespace sallyport::naive
