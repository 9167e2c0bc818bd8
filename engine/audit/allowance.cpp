#include "engine/audit/statement.hpp"
#include "engine/gate/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace sallyport::audit {

namespace {

using model::BlastRadius;
using model::Tier;

const json::value* at(const json::object* object, std::string_view key) {
  return object ? object->if_contains(key) : nullptr;
}

const json::object* object_at(const json::object* object, std::string_view key) {
  const auto* found = at(object, key);
  return found ? found->if_object() : nullptr;
}

std::string text_at(const json::object* object, std::string_view key) {
  const auto* found = at(object, key);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : std::string{};
}

bool true_at(const json::object* object, std::string_view key) {
  const auto* found = at(object, key);
  return found && found->is_bool() && found->get_bool();
}

std::optional<Time> time_at(const json::object* object, std::string_view key) {
  const auto text = text_at(object, key);
  const auto time = parse_rfc3339(text);
  return time ? std::optional{*time} : std::nullopt;
}

std::vector<const json::object*> objects_at(const json::object* object, std::string_view key) {
  std::vector<const json::object*> all;
  const auto* found = at(object, key);
  const auto* array = found ? found->if_array() : nullptr;
  if (!array) return all;
  for (const auto& item : *array)
    if (const auto* one = item.if_object()) all.push_back(one);
  return all;
}

/// The overrides of one verb: one, or a list of them.
std::vector<const json::object*> overrides_of(const json::object* tenant, std::string_view verb) {
  const auto* overrides = object_at(tenant, "overrides");
  if (const auto* one = object_at(overrides, verb)) return {one};
  return objects_at(overrides, verb);
}

Tier tier_of(const json::object* object, std::string_view key) {
  return enum_of<Tier>(text_at(object, key)).value_or(Tier::L0);
}

bool names(const json::object* object, std::string_view key, std::string_view what) {
  const auto* found = at(object, key);
  const auto* array = found ? found->if_array() : nullptr;
  return array && std::ranges::any_of(*array, [&](const json::value& item) {
           const auto* text = item.if_string();
           return text && std::string_view{*text} == what;
         });
}

/// Whether a kill switch stops the verb whatever product would run it.
bool stopped(const json::object* where, std::string_view verb) {
  const auto* kill = at(where, "kill_switch");
  if (!kill) return false;
  if (kill->is_bool()) return kill->get_bool();
  const auto* object = kill->if_object();
  return true_at(object, "all") || names(object, "verbs", verb);
}

/// `when ...; unless ...` of an override; empty: it has no condition.
std::string conditions_of(const json::object& override_) {
  std::string text;
  if (const auto* when = at(&override_, "when"); when && !when->is_null())
    text = "when " + to_json(*when);
  if (const auto* unless = at(&override_, "unless"); unless && !unless->is_null())
    text += fmt::format("{}unless {}", text.empty() ? "" : " ", to_json(*unless));
  return text;
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

/// Whether a detection block asks for other kinds of target alone.
bool excludes(const json::value& block, std::string_view kind) {
  if (const auto* list = block.if_array())
    return !list->empty() &&
           std::ranges::all_of(*list, [&](const json::value& one) { return excludes(one, kind); });
  const auto* object = block.if_object();
  const auto* kinds = at(object, "target.kind");
  if (!kinds || object->contains("condition")) return false;
  const auto other = [&](const json::value& one) {
    const auto* text = one.if_string();
    return text && std::string_view{*text}.find_first_of("*?\\") == std::string_view::npos &&
           lower(*text) != lower(kind);
  };
  const auto* list = kinds->if_array();
  return list ? !list->empty() && std::ranges::all_of(*list, other) : other(*kinds);
}

bool excludes(const json::object& holder, std::string_view key, std::string_view kind) {
  const auto* block = at(&holder, key);
  return block && !block->is_null() && excludes(*block, kind);
}

/// Where what a tenant's policy says changes by the clock alone.
void turning_points(const json::object* tenant, std::vector<Time>& into) {
  for (const auto* freeze : objects_at(tenant, "freezes"))
    for (const auto* key : {"from", "to"})
      if (const auto time = time_at(freeze, key)) into.push_back(*time);
  for (const auto* entry : objects_at(tenant, "whitelist"))
    if (const auto time = time_at(entry, "expires")) into.push_back(*time);
  if (const auto time = time_at(object_at(tenant, "authority"), "review_by")) into.push_back(*time);
}

/// What one policy says of one verb at one moment.
struct Moment {
  const json::object* document;
  const json::object* tenant;
  const model::Verb& verb;
  std::string_view name;
  std::string_view kind;  ///< Of target.
  Time now;

  [[nodiscard]] Tier tier(std::string& why) const {
    const auto tier = tier_of(tenant, "tier");
    why = fmt::format("tier {}", name_of(tier));
    const auto review_by = time_at(object_at(tenant, "authority"), "review_by");
    if (!review_by || now < *review_by || tier <= Tier::L1) return tier;
    why = fmt::format("tier {}, lowered to L1: the review is overdue", name_of(tier));
    return Tier::L1;
  }

  /// The lowest tier of the freezes that hold.
  [[nodiscard]] std::optional<Tier> freeze() const {
    std::optional<Tier> lowest;
    for (const auto* one : objects_at(tenant, "freezes")) {
      const auto from = time_at(one, "from");
      const auto to = time_at(one, "to");
      if (!from || !to || now < *from || now >= *to) continue;
      const auto tier = tier_of(one, "tier");
      if (!lowest || tier < *lowest) lowest = tier;
    }
    return lowest;
  }

  [[nodiscard]] std::vector<std::string> whitelist() const {
    std::vector<std::string> entries;
    for (const auto* entry : objects_at(tenant, "whitelist")) {
      const auto expires = time_at(entry, "expires");
      if (text_at(entry, "action") != name || !expires || now >= *expires) continue;
      if (excludes(*entry, "when", kind) || excludes(*entry, "constraints", kind)) continue;
      entries.push_back("whitelist " + to_json(*entry));
    }
    return entries;
  }

  [[nodiscard]] std::vector<std::string> forced(bool& always) const {
    std::vector<std::string> found;
    for (const auto* one : overrides_of(tenant, name)) {
      if (!true_at(one, "force_auto") || excludes(*one, "when", kind)) continue;
      const auto conditions = conditions_of(*one);
      always = always || conditions.empty();
      found.push_back("force_auto " + (conditions.empty() ? "always" : conditions));
    }
    return found;
  }

  [[nodiscard]] bool blocked() const {
    return std::ranges::any_of(overrides_of(tenant, name), [](const json::object* one) {
      return true_at(one, "block") && conditions_of(*one).empty();
    });
  }

  [[nodiscard]] Allowance allowance() const {
    const auto radius = verb.blast_radius;
    Allowance answer;
    if (radius == BlastRadius::CRITICAL || radius == BlastRadius::UNKNOWN) {
      answer.why = fmt::format("{} never runs by itself", name_of(radius));
      return answer;
    }
    if (stopped(document, name) || stopped(tenant, name)) {
      answer.why = "kill switch";
      return answer;
    }
    if (blocked()) {
      answer.why = "blocked by an override";
      return answer;
    }
    if (const auto reason = PolicyHistory::closed_limit(tenant, name, kind)) {
      answer.why = fmt::format("its limit is 0{}", reason->empty() ? "" : ": " + *reason);
      return answer;
    }
    const auto tier_now = tier(answer.why);
    const auto frozen = freeze();
    auto listed = whitelist();
    if (frozen) {
      answer.why += fmt::format(", freeze at {}", name_of(*frozen));
      const bool passes = gate::runs_by_itself(*frozen, radius) ||
                          (radius == BlastRadius::HIGH && *frozen == Tier::L4 && !listed.empty());
      if (!passes) return answer;
    }
    bool always = gate::runs_by_itself(tier_now, radius);
    auto conditions = forced(always);
    if (radius == BlastRadius::HIGH && frozen) {
      // Also what is forced needs the whitelist then.
      always = false;
      for (auto& condition : conditions) condition += " (and the whitelist, in the freeze)";
    }
    if (always) {
      answer.could = Autonomy::any;
      return answer;
    }
    if (radius == BlastRadius::HIGH && tier_now == Tier::L4)
      conditions.insert(conditions.end(), listed.begin(), listed.end());
    if (conditions.empty()) return answer;
    answer.could = Autonomy::conditional;
    answer.conditions = std::move(conditions);
    return answer;
  }
};

bool same(const Allowance& a, const Allowance& b) {
  return a.policy_version == b.policy_version && a.could == b.could && a.why == b.why &&
         a.conditions == b.conditions;
}

}  // namespace

std::vector<Allowance> allowances(const PolicyHistory& history,
                                  const model::Verb& verb,
                                  Deed of,
                                  std::string_view tenant,
                                  Window window) {
  std::vector<Allowance> found;
  const auto add = [&](Allowance next) {
    if (!found.empty() && same(found.back(), next)) {
      found.back().during.to = next.during.to;
    } else {
      found.push_back(std::move(next));
    }
  };
  for (const auto& interval : history.in_force(window)) {
    if (!interval.version) {
      add({.during = interval.during, .why = "no policy yet: L0"});
      continue;
    }
    const auto* terms = PolicyHistory::tenant_in(*interval.version, tenant);
    std::vector<Time> points{interval.during.from, interval.during.to};
    turning_points(terms, points);
    std::erase_if(points, [&](Time point) {
      return point < interval.during.from || point > interval.during.to;
    });
    std::ranges::sort(points);
    const auto repeated = std::ranges::unique(points);
    points.erase(repeated.begin(), repeated.end());
    for (std::size_t i = 0; i + 1 < points.size(); ++i) {
      const Moment moment{.document = &interval.version->document,
                          .tenant = terms,
                          .verb = verb,
                          .name = of.verb,
                          .kind = of.target_kind,
                          .now = points[i]};
      auto allowance = moment.allowance();
      allowance.during = {.from = points[i], .to = points[i + 1]};
      allowance.policy_version = interval.version->kept.version;
      if (!terms && allowance.why == "tier L0") allowance.why = "not named by the policy: L0";
      add(std::move(allowance));
    }
  }
  return found;
}

}  // namespace sallyport::audit
