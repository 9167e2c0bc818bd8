#include "engine/gate/policy.hpp"

#include "engine/gate/network.hpp"
#include "engine/gate/readings.hpp"
#include "engine/gate/request_record.hpp"

#include <algorithm>

namespace sallyport::gate {

namespace {

using model::BlastRadius;
using model::Reason;
using model::Ruling;
using model::Tier;

const Override* first(const std::vector<Override>& overrides, const auto& counts) {
  const auto found = std::ranges::find_if(overrides, counts);
  return found == overrides.end() ? nullptr : &*found;
}

Judgement& settle(Judgement& judgement, Ruling ruling, Reason reason) {
  judgement.ruling = ruling;
  judgement.reason = reason;
  return judgement;
}

/// Of the freezes that hold at `now` the one with the lowest tier.
const Freeze* freeze_at(const std::vector<Freeze>& freezes, Time now) {
  const auto found = std::ranges::find_if(
      freezes, [now](const Freeze& freeze) { return freeze.from <= now && now < freeze.to; });
  return found == freezes.end() ? nullptr : &*found;
}

const Tenant& unnamed_tenant() {
  static const Tenant tenant;
  return tenant;
}

const VerbTerms& no_terms() {
  static const VerbTerms terms;
  return terms;
}

bool is_overdue(const Tenant& tenant, Time now) {
  return tenant.review_by && now >= *tenant.review_by;
}

Tier tier_at(const Tenant& tenant, Time now) {
  return is_overdue(tenant, now) ? std::min(tenant.tier, Tier::L1) : tenant.tier;
}

/// One request on its way through the questions.
struct Deciding {
  const model::ActionRequest& request;
  const RequestRecord record;
  const Time now;
  const UsageView& usage;
  const Tenant& tenant;
  const Freeze* const freeze;
  const VerbTerms& terms;
  Judgement judgement;
  std::optional<Whitelist::Found> found;
  std::optional<Readings> read;

  /// What else the target may be, asked at most once, and only by who looks at the target.
  const Readings& readings() {
    if (!read) read = readings_of(request.target);
    return *read;
  }

  /// What narrows applies when it does to one reading of the target.
  template <class Applies>
  bool to_one(const Applies& applies) {
    return applies(record) || std::ranges::any_of(readings().others, [&](const std::string& other) {
             return applies(RequestRecord{request, other});
           });
  }

  /// What widens applies when it does to each.
  template <class Applies>
  bool to_each(const Applies& applies) {
    return applies(record) && std::ranges::all_of(readings().others, [&](const std::string& other) {
             return applies(RequestRecord{request, other});
           });
  }

  /// The first of these that is, or may be, meant for the target.
  const HeldTargets* holder(const std::vector<HeldTargets>& all) {
    const auto found_one = std::ranges::find_if(all, [&](const HeldTargets& one) {
      if (!one.of_value) return one.block.matches(record);
      return to_one([&](const RequestRecord& asked) { return one.block.matches(asked); }) ||
             (readings().open && one.may_mean(record));
    });
    return found_one == all.end() ? nullptr : &*found_one;
  }

  bool blocks(const Override& block) {
    if (!block.of_value) return block.applies(record);
    return to_one([&](const RequestRecord& asked) { return block.applies(asked); });
  }

  bool forces(const Override& force) {
    if (!force.conditional()) return true;
    if (!force.can_judge(request.target, force.of_value && readings().open)) return false;
    if (!force.of_value) return force.applies(record);
    return to_each([&](const RequestRecord& asked) { return force.applies(asked); });
  }

  /// The whitelist's answer, asked at most once. It speaks at L4 for HIGH.
  const Whitelist::Found& whitelist() {
    if (!found) found = terms.whitelist.find(request, record, now, usage);
    return *found;
  }

  /// Whether the freeze's tier would run it by itself.
  bool passes_freeze() {
    if (judgement.radius != BlastRadius::HIGH)
      return runs_by_itself(freeze->tier, judgement.radius);
    return freeze->tier == Tier::L4 && whitelist().fires != nullptr;
  }

  /// What holds back everything but MINIMAL actions.
  bool held_back() {
    judgement.protected_ = holder(tenant.protected_targets);
    // A block that looks at a value which cannot be compared may be meant for it.
    if (!judgement.protected_) {
      judgement.override_ = first(terms.blocks, [this](const Override& block) {
        return block.of_value && readings().open;
      });
    }
    if (judgement.protected_ || judgement.override_) {
      settle(judgement, Ruling::queued, Reason::protected_target);
      return true;
    }
    if (!request.grounded) settle(judgement, Ruling::queued, Reason::ungrounded_target);
    return !request.grounded;
  }

  /// The verb's own limit holds back MINIMAL actions too; those of other verbs hold back nothing.
  bool limited() {
    judgement.closed = holder(terms.closed);
    const auto full = terms.limit.used_up([this](Window window) {
      return usage.of_verb(request.tenant, request.action, window, now);
    });
    if (!full && !judgement.closed) return false;
    judgement.limited = &terms;
    judgement.window = full.value_or(Window::day);
    settle(judgement, Ruling::queued, Reason::rate_limit);
    return true;
  }

  void by_tier() {
    if (judgement.radius != BlastRadius::HIGH || judgement.tier != Tier::L4) {
      const bool alone = runs_by_itself(judgement.tier, judgement.radius);
      settle(judgement, alone ? Ruling::auto_ : Ruling::queued, Reason::tier);
    } else if (whitelist().fires != nullptr) {
      judgement.entry = whitelist().fires;
      settle(judgement, Ruling::auto_, Reason::whitelist);
    } else if (whitelist().used_up != nullptr) {
      judgement.entry = whitelist().used_up;
      judgement.window = whitelist().window;
      settle(judgement, Ruling::queued, Reason::rate_limit);
    } else {
      settle(judgement, Ruling::queued, Reason::no_whitelist_match);
    }
  }

  const Judgement& run() {
    judgement.override_ =
        first(terms.blocks, [this](const Override& block) { return blocks(block); });
    if (judgement.override_) return settle(judgement, Ruling::blocked, Reason::block_override);
    if (judgement.radius == BlastRadius::CRITICAL)
      return settle(judgement, Ruling::queued, Reason::critical);
    if (judgement.radius == BlastRadius::UNKNOWN)
      return settle(judgement, Ruling::queued, Reason::unknown_action);
    if (judgement.radius != BlastRadius::MINIMAL && held_back()) return judgement;
    if (freeze && !passes_freeze()) {
      judgement.freeze = freeze;
      return settle(judgement, Ruling::queued, Reason::freeze);
    }
    if (limited()) return judgement;
    judgement.override_ =
        first(terms.forces, [this](const Override& force) { return forces(force); });
    if (judgement.override_) return settle(judgement, Ruling::auto_, Reason::force_auto);
    by_tier();
    return judgement;
  }
};

}  // namespace

bool KillSwitch::stops(std::string_view verb, std::string_view connector) const {
  const auto names = [](const std::vector<std::string>& list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
  };
  return all || names(verbs, verb) || (!connector.empty() && names(connectors, connector));
}

bool Override::applies(const match::Record& record) const {
  return (!when || when->matches(record)) && (!unless || !unless->matches(record));
}

bool Override::can_judge(const model::Target& target, bool open) const {
  return !conditional() || (!open && (target.kind != "ip" || parse_address(target.value)));
}

bool runs_by_itself(Tier tier, BlastRadius radius) {
  switch (radius) {
    case BlastRadius::MINIMAL:
      return tier >= Tier::L1;
    case BlastRadius::LOW:
      return tier >= Tier::L2;
    case BlastRadius::MEDIUM:
      return tier >= Tier::L3;
    case BlastRadius::HIGH:      // at L4, and only where the whitelist says so
    case BlastRadius::CRITICAL:  // never
    case BlastRadius::UNKNOWN:
      return false;
  }
  return false;
}

Judgement Policy::decide(const model::ActionRequest& request,
                         Time now,
                         const UsageView& usage,
                         std::string_view connector) const {
  const auto named = tenants_.find(request.tenant);
  const auto& tenant = named == tenants_.end() ? unnamed_tenant() : named->second;
  const auto radius = radii_.find(request.action);

  Judgement judgement;
  judgement.tenant = named == tenants_.end() ? nullptr : &tenant;
  judgement.radius = radius == radii_.end() ? BlastRadius::UNKNOWN : radius->second;
  judgement.overdue = is_overdue(tenant, now);
  judgement.tier = tier_at(tenant, now);
  const auto* freeze = freeze_at(tenant.freezes, now);
  judgement.ceiling = freeze ? std::min(judgement.tier, freeze->tier) : judgement.tier;
  for (const auto* kill : {&kill_, &tenant.kill}) {
    if (!kill->stops(request.action, connector)) continue;
    judgement.kill = kill;
    return settle(judgement, Ruling::blocked, Reason::kill_switch);
  }

  const auto terms = tenant.verbs.find(request.action);
  Deciding deciding{.request = request,
                    .record = RequestRecord{request},
                    .now = now,
                    .usage = usage,
                    .tenant = tenant,
                    .freeze = freeze,
                    .terms = terms == tenant.verbs.end() ? no_terms() : terms->second,
                    .judgement = judgement,
                    .found = {},
                    .read = {}};
  return deciding.run();
}

Tier Policy::tier(std::string_view tenant, Time now) const {
  const auto named = tenants_.find(tenant);
  return named == tenants_.end() ? Tier::L0 : tier_at(named->second, now);
}

bool Policy::could_run(std::string_view tenant,
                       std::string_view verb,
                       std::string_view target_kind,
                       Time now) const {
  const auto named = tenants_.find(tenant);
  const auto radius = radii_.find(verb);
  if (named == tenants_.end() || radius == radii_.end()) return false;
  if (radius->second == BlastRadius::CRITICAL) return false;
  const auto found = named->second.verbs.find(verb);
  const auto& terms = found == named->second.verbs.end() ? no_terms() : found->second;
  if (terms.limit.closed()) return false;
  // What a block matches that knows nothing but the kind of the target, it matches for all of them.
  const model::ActionRequest any{
      .tenant = {},
      .action = {},
      .target = {.kind = std::string{target_kind}, .value = {}, .tags = {}}};
  const RequestRecord record{any};
  const bool closed = std::ranges::any_of(terms.closed, [&](const HeldTargets& one) {
    const auto& fields = one.block.fields();
    return fields.size() == 1 && fields.front().whole == "target.kind" && one.block.matches(record);
  });
  if (closed) return false;
  const auto tier = tier_at(named->second, now);
  const bool listed =
      radius->second == BlastRadius::HIGH && tier == Tier::L4 && !terms.whitelist.empty();
  return runs_by_itself(tier, radius->second) || !terms.forces.empty() || listed;
}

std::vector<OverdueReview> Policy::overdue_reviews(Time now) const {
  std::vector<OverdueReview> overdue;
  for (const auto& [name, tenant] : tenants_) {
    if (tier_at(tenant, now) == tenant.tier) continue;
    overdue.push_back({.tenant = name,
                       .granted = tenant.tier,
                       .review_by = *tenant.review_by,
                       .owner = tenant.owner});
  }
  std::ranges::sort(overdue, {}, &OverdueReview::tenant);
  return overdue;
}

std::vector<std::string> Policy::tenants() const {
  std::vector<std::string> names;
  for (const auto& [name, tenant] : tenants_) names.push_back(name);
  std::ranges::sort(names);
  return names;
}

}  // namespace sallyport::gate
