#include "engine/gate/policy.hpp"

#include "engine/gate/network.hpp"
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
    for (const auto& one : tenant.protected_targets) {
      if (!one.block.matches(record)) continue;
      judgement.protected_ = &one;
      settle(judgement, Ruling::queued, Reason::protected_target);
      return true;
    }
    if (!request.grounded) settle(judgement, Ruling::queued, Reason::ungrounded_target);
    return !request.grounded;
  }

  /// The verb's own limit holds back MINIMAL actions too; those of other verbs hold back nothing.
  bool limited() {
    const auto full = terms.limit.used_up([this](Window window) {
      return usage.of_verb(request.tenant, request.action, window, now);
    });
    if (!full) return false;
    judgement.limited = &terms;
    judgement.window = *full;
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
        first(terms.blocks, [this](const Override& block) { return block.applies(record); });
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
    judgement.override_ = first(terms.forces, [this](const Override& force) {
      return force.can_judge(request.target) && force.applies(record);
    });
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

bool Override::can_judge(const model::Target& target) const {
  return (!when && !unless) || target.kind != "ip" || parse_address(target.value);
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
                    .judgement = judgement};
  return deciding.run();
}

Tier Policy::tier(std::string_view tenant, Time now) const {
  const auto named = tenants_.find(tenant);
  return named == tenants_.end() ? Tier::L0 : tier_at(named->second, now);
}

bool Policy::could_run(std::string_view tenant, std::string_view verb, Time now) const {
  const auto named = tenants_.find(tenant);
  const auto radius = radii_.find(verb);
  if (named == tenants_.end() || radius == radii_.end()) return false;
  if (radius->second == BlastRadius::CRITICAL) return false;
  const auto found = named->second.verbs.find(verb);
  const auto& terms = found == named->second.verbs.end() ? no_terms() : found->second;
  if (terms.limit.closed()) return false;
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
