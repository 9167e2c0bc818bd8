#include "engine/gate/lint.hpp"

#include "engine/gate/contradictions.hpp"
#include "engine/gate/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::gate {

namespace {

using model::BlastRadius;
using model::Tier;

constexpr std::array<std::string_view, 7> private_ranges{"10.0.0.0/8",
                                                         "172.16.0.0/12",
                                                         "192.168.0.0/16",
                                                         "100.64.0.0/10",
                                                         "127.0.0.0/8",
                                                         "fc00::/7",
                                                         "fe80::/10"};

std::optional<Time> time_at(const json::object& object, std::string_view key) {
  const auto list = texts(object, key);
  if (list.size() != 1) return std::nullopt;
  const auto time = parse_rfc3339(list.front());
  return time ? std::optional{*time} : std::nullopt;
}

bool is_true(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

bool is_private(std::string_view text) {
  const auto network = parse_network(text);
  return network && std::ranges::any_of(private_ranges, [&](std::string_view range) {
           const auto one = parse_network(range);
           return one->contains(*network) || network->contains(*one);
         });
}

/// Of the text that an address begins with: `10.`, `192.168.1`.
bool begins_private(std::string_view text) {
  const auto is_begin = [text](std::string_view begin) { return text.starts_with(begin); };
  for (int second = 16; second <= 31; ++second) {
    if (is_begin(fmt::format("172.{}.", second))) return true;
  }
  constexpr std::array<std::string_view, 5> begins{"10.", "127.", "192.168.", "fc", "fd"};
  return std::ranges::any_of(begins, is_begin);
}

/// Whether a condition stands at `key` that some request does not meet.
bool has_condition(const json::object& holder, std::string_view key) {
  const auto* block = holder.if_contains(key);
  return block && !is_always(*block);
}

bool is_unconditional(const json::object& block) {
  return !has_condition(block, "when") && !block.contains("unless");
}

/// What stands at `key` for a verb, one block or a list of them, each with where.
std::vector<std::pair<const json::object*, std::string>> blocks_of(const json::value& value,
                                                                   const std::string& at) {
  std::vector<std::pair<const json::object*, std::string>> blocks;
  if (const auto* one = value.if_object()) blocks.emplace_back(one, at);
  if (const auto* list = value.if_array()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (const auto* one = (*list)[i].if_object()) blocks.emplace_back(one, child(at, i));
    }
  }
  return blocks;
}

/// Whether one of the blocks at `part`/`verb` of a tenant, without a condition, is such.
template <class Is>
bool any_unconditional(const json::object& tenant,
                       std::string_view part,
                       std::string_view verb,
                       const Is& is) {
  const auto* all = tenant.if_contains(part);
  const auto* verbs = all ? all->if_object() : nullptr;
  const auto* found = verbs ? verbs->if_contains(verb) : nullptr;
  if (!found) return false;
  return std::ranges::any_of(blocks_of(*found, ""), [&](const auto& one) {
    return is_unconditional(*one.first) && is(*one.first);
  });
}

bool is_zero(const json::object& limit) {
  return std::ranges::any_of(limit, [](const auto& item) {
    return std::string_view{item.key()}.starts_with("per_") && item.value().is_number() &&
           item.value().template to_number<double>() == 0;
  });
}

/// Calls `visit(field with modifiers, value, pointer)` for every field of a detection block.
template <class Visit>
void each_field(const json::value& block, const std::string& at, const Visit& visit) {
  if (const auto* list = block.if_array()) {
    for (std::size_t i = 0; i < list->size(); ++i) each_field((*list)[i], child(at, i), visit);
  } else if (const auto* object = block.if_object()) {
    for (const auto& item : *object) {
      const std::string_view key{item.key()};
      const auto where = child(at, key);
      visit(key, item.value(), where);
      if (item.value().is_object() || item.value().is_array())
        each_field(item.value(), where, visit);
    }
  }
}

struct Linter {
  const model::Catalogue& catalogue;
  Time now;
  Faults& faults;

  void warn(std::string pointer, std::string message) {
    faults.push_back(
        {.pointer = std::move(pointer), .message = std::move(message), .warning = true});
  }

  /// 95 where 0.95 was meant.
  void confidence(const json::value& block, const std::string& at) {
    each_field(block, at, [&](std::string_view key, const json::value& value, const auto& where) {
      if (key.substr(0, key.find('|')) != "confidence" || !value.is_number()) return;
      if (value.to_number<double>() > 1)
        warn(where, "confidence goes from 0 to 1; was a fraction of it meant?");
    });
  }

  void conditions(const json::object& object, const std::string& at) {
    for (const std::string_view key : {"when", "unless", "constraints"}) {
      if (const auto* block = object.if_contains(key)) confidence(*block, child(at, key));
    }
  }

  void impossible(const json::value& block, const std::string& at) {
    if (const auto why = why_never(block); !why.empty()) warn(at, "can never match: " + why);
  }

  /// What the rest of the tenant's policy leaves of an entry.
  void overruled(const json::object& tenant, std::string_view verb, const std::string& at) {
    const auto is = [](std::string_view word) {
      return [word](const json::object& one) { return is_true(one, word); };
    };
    if (any_unconditional(tenant, "overrides", verb, is("block"))) {
      warn(at, fmt::format("can never fire: {} is always blocked", verb));
    } else if (any_unconditional(tenant, "limits", verb, is_zero)) {
      warn(at, fmt::format("can never fire: the limit of {} is 0", verb));
    } else if (any_unconditional(tenant, "overrides", verb, is("force_auto"))) {
      warn(at, fmt::format("adds nothing: {} is forced to run on every target", verb));
    }
  }

  void entry(const json::object& tenant, const json::object& entry, const std::string& at) {
    conditions(entry, at);
    const auto action = texts(entry, "action");
    if (action.size() == 1) overruled(tenant, action.front(), at);
    const auto* verb = action.size() == 1 ? catalogue.find(action.front()) : nullptr;
    if (verb && verb->blast_radius != BlastRadius::HIGH) {
      warn(child(at, "action"),
           fmt::format("can never match: the whitelist speaks for HIGH verbs, {} is {}",
                       action.front(),
                       name_of(verb->blast_radius)));
    }
    if (const auto expires = time_at(entry, "expires"); expires && *expires <= now)
      warn(child(at, "expires"), "can never match: it has expired");
    for (const std::string_view key : {"max_per_minute", "max_per_hour", "max_per_day"}) {
      const auto* most = entry.if_contains(key);
      if (most && most->is_number() && most->to_number<double>() == 0)
        warn(child(at, key), "can never fire: 0 is used up from the start");
    }
    for (const auto prefix : texts(entry, "target_prefix")) {
      if (parse_address(prefix)) {
        warn(child(at, "target_prefix"),
             fmt::format("{0} also begins {0}0; write target or target_cidr", prefix));
      }
    }
    if (const auto why = why_never(entry, verb); !why.empty()) warn(at, "can never match: " + why);
    breadth(entry, at);
    const auto networks = texts(entry, "target_cidr");
    if (verb && !networks.empty() && std::ranges::find(verb->targets, "ip") == verb->targets.end())
      warn(child(at, "target_cidr"),
           fmt::format("{} takes no addresses (its targets: {})",
                       action.front(),
                       fmt::join(verb->targets, ", ")));
    for (const auto network : networks) {
      if (is_private(network)) {
        warn(child(at, "target_cidr"), fmt::format("{} holds private addresses", network));
        break;
      }
    }
  }

  void breadth(const json::object& entry, const std::string& at) {
    constexpr std::array<std::string_view, 6> narrowing{
        "target", "target_prefix", "target_glob", "target_cidr", "target_tag", "when"};
    const bool narrowed = std::ranges::any_of(narrowing, [&](std::string_view key) {
      if (key == "when") return has_condition(entry, key);
      const auto list = texts(entry, key);
      return !list.empty() && std::ranges::none_of(list, [](std::string_view text) {
        return (text.find_first_not_of("*?") == std::string_view::npos && text.contains('*')) ||
               text == "0.0.0.0/0" || text == "::/0";
      });
    });
    if (narrowed) return;
    warn(at,
         has_condition(entry, "constraints")
             ? "names no target: it speaks for every target that its constraints let through"
             : "matches everything: name targets, and what must be known before it fires");
  }

  void override_block(std::string_view verb, const json::object& block, const std::string& at) {
    conditions(block, at);
    for (const std::string_view key : {"when", "unless"}) {
      if (const auto* one = block.if_contains(key)) impossible(*one, child(at, key));
    }
    if (!is_true(block, "force_auto")) return;
    const auto* known = catalogue.find(verb);
    const auto radius = known ? known->blast_radius : BlastRadius::UNKNOWN;
    const bool open = is_unconditional(block);
    if (radius == BlastRadius::CRITICAL)
      warn(at, fmt::format("does nothing: {} is CRITICAL and never runs by itself", verb));
    if (radius == BlastRadius::HIGH && open)
      warn(at,
           fmt::format("{} is HIGH and would run by itself on every target, at any tier", verb));
    if (known && std::ranges::find(known->targets, "ip") != known->targets.end() &&
        radius >= BlastRadius::MEDIUM)
      addresses(verb, block, at);
  }

  /// Blocking one's own addresses is how automation takes a network down.
  void addresses(std::string_view verb, const json::object& block, const std::string& at) {
    bool spared = false;
    if (const auto* unless = block.if_contains("unless")) {
      each_field(*unless, at, [&](std::string_view key, const json::value&, const auto&) {
        spared = spared || key.starts_with("target.");
      });
    }
    bool named = false;
    if (const auto* when = block.if_contains("when")) {
      each_field(
          *when,
          child(at, "when"),
          [&](std::string_view key, const json::value& value, const auto& where) {
            named = named || key.starts_with("target.");
            const bool begin = key == "target.value|startswith";
            if (!begin && key != "target.value|cidr" && key != "target.value") return;
            const json::object holder{{"wanted", value}};
            if (std::ranges::any_of(texts(holder, "wanted"), begin ? begins_private : is_private))
              warn(where, fmt::format("{} would run by itself on private addresses", verb));
          });
    }
    if (!spared && !named && verb != "unblock_ip")
      warn(at,
           fmt::format("{} would run by itself on private addresses too; write unless: {{ "
                       "target.value|cidr: [10.0.0.0/8, ...] }}",
                       verb));
  }

  void overrides(const json::object& all, const std::string& at) {
    for (const auto& item : all) {
      const std::string_view verb{item.key()};
      const auto where = child(at, verb);
      const auto blocks = blocks_of(item.value(), where);
      const bool always_blocked = std::ranges::any_of(blocks, [](const auto& one) {
        return is_true(*one.first, "block") && is_unconditional(*one.first);
      });
      for (const auto& [block, place] : blocks) {
        override_block(verb, *block, place);
        if (always_blocked && is_true(*block, "force_auto"))
          warn(place, fmt::format("does nothing: {} is always blocked", verb));
      }
    }
  }

  void freezes(const json::array& list, Tier tier, const std::string& at) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto* one = list[i].if_object();
      if (!one) continue;
      if (const auto to = time_at(*one, "to"); to && *to <= now)
        warn(child(child(at, i), "to"), "the freeze is over");
      const auto written = texts(*one, "tier");
      const auto its = written.size() == 1 ? enum_of<Tier>(written.front()) : std::nullopt;
      if (its && *its > tier)
        warn(child(child(at, i), "tier"),
             fmt::format("above the tenant's tier {}: a freeze never widens", name_of(tier)));
    }
  }

  /// Whoever writes a reason and no scope believes that everything is blocked.
  void kill_switch(const json::object& holder, const std::string& at) {
    const auto* value = holder.if_contains("kill_switch");
    const auto* block = value ? value->if_object() : nullptr;
    if (!block || is_true(*block, "all")) return;
    if (texts(*block, "verbs").empty() && texts(*block, "connectors").empty())
      warn(child(at, "kill_switch"),
           "blocks nothing; write true for everything, or name verbs or connectors");
  }

  void tenant(const json::object& tenant, const std::string& at) {
    kill_switch(tenant, at);
    const auto written = texts(tenant, "tier");
    const auto tier =
        written.size() == 1 ? enum_of<Tier>(written.front()).value_or(Tier::L0) : Tier::L0;
    const auto* authority = tenant.if_contains("authority");
    if (!authority && tier >= Tier::L2) {
      warn(at, fmt::format("nobody is named who allowed {}; write authority", name_of(tier)));
    } else if (authority && authority->is_object()) {
      if (const auto given = time_at(authority->get_object(), "approved"); given && *given > now)
        warn(child(child(at, "authority"), "approved"), "the approval is yet to come");
      const auto due = time_at(authority->get_object(), "review_by");
      if (due && *due <= now)
        warn(child(child(at, "authority"), "review_by"),
             "the review is overdue: the tier is at most L1 until it is done");
    }
    if (const auto* all = tenant.if_contains("overrides"); all && all->is_object())
      overrides(all->get_object(), child(at, "overrides"));
    if (const auto* list = tenant.if_contains("whitelist"); list && list->is_array()) {
      const auto where = child(at, "whitelist");
      for (std::size_t i = 0; i < list->get_array().size(); ++i) {
        if (const auto* one = list->get_array()[i].if_object())
          entry(tenant, *one, child(where, i));
      }
    }
    if (const auto* list = tenant.if_contains("protected"); list && list->is_array()) {
      const auto where = child(at, "protected");
      confidence(*list, where);
      for (std::size_t i = 0; i < list->get_array().size(); ++i)
        impossible(list->get_array()[i], child(where, i));
    }
    if (const auto* list = tenant.if_contains("freezes"); list && list->is_array())
      freezes(list->get_array(), tier, child(at, "freezes"));
  }
};

}  // namespace

void lint(const json::value& document,
          const model::Catalogue& catalogue,
          Time now,
          Faults& faults) {
  const auto* root = document.if_object();
  if (!root) return;
  Linter linter{.catalogue = catalogue, .now = now, .faults = faults};
  linter.kill_switch(*root, "");
  const auto* tenants = root->if_contains("tenants");
  if (!tenants || !tenants->is_object()) return;
  for (const auto& item : tenants->get_object()) {
    const std::string_view name{item.key()};
    if (name.empty() || name.front() == ' ' || name.back() == ' ')
      linter.warn(child("/tenants", name), "no request can be of a tenant with this name");
    if (const auto* one = item.value().if_object())
      linter.tenant(*one, child("/tenants", std::string_view{item.key()}));
  }
}

}  // namespace sallyport::gate
