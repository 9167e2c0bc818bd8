#include "engine/gate/policy.hpp"

#include <fmt/format.h>

namespace sallyport::gate {

namespace {

using model::Reason;
using model::Tier;

/// `text`, cut where a person has seen enough of it, between characters.
std::string shown(std::string_view text, std::size_t most = 120) {
  if (text.size() <= most) return std::string{text};
  auto end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return std::string{text.substr(0, end)} + "...";
}

std::string_view name_of_window(Window window) {
  constexpr std::array names{
      std::string_view{"minute"}, std::string_view{"hour"}, std::string_view{"day"}};
  return names.at(static_cast<std::size_t>(window));
}

std::uint32_t limit_in(const Rate& rate, Window window) {
  return rate.at_most.at(static_cast<std::size_t>(window));
}

std::string because(std::string_view reason) {
  return reason.empty() ? std::string{} : fmt::format(" ({})", shown(reason));
}

std::string stopped(const KillSwitch& kill, bool everywhere) {
  return fmt::format(
      "the kill switch{} is on{}", everywhere ? "" : " of the tenant", because(kill.reason));
}

std::string overridden(const Override& override_, std::string_view what) {
  std::string text{what};
  if (!override_.text.empty()) text += " " + shown(override_.text, 240);
  return text + because(override_.reason);
}

std::string protecting(const Judgement& found) {
  // What cannot be compared is held by what it may be.
  if (!found.protected_)
    return fmt::format("a block override may be meant for the target, which cannot be compared: {}",
                       shown(found.override_->text, 240));
  return fmt::format("the target is protected: {}", shown(found.protected_->text, 240));
}

std::string needs(model::BlastRadius radius) {
  if (radius == model::BlastRadius::HIGH) return "HIGH needs L4 and a whitelist entry";
  for (const auto tier : {Tier::L1, Tier::L2, Tier::L3}) {
    if (runs_by_itself(tier, radius))
      return fmt::format("{} needs {}", name_of(radius), name_of(tier));
  }
  return "";
}

/// What decided, in words.
std::string cause(const Judgement& found, const model::ActionRequest& request) {
  switch (found.reason) {
    case Reason::kill_switch:
      return stopped(*found.kill, !found.tenant || found.kill != &found.tenant->kill);
    case Reason::block_override:
      return overridden(*found.override_, "a block override of the verb applies");
    case Reason::critical:
      return "CRITICAL never runs by itself";
    case Reason::unknown_action:
      return "the catalogue of verbs does not have it, so a person decides";
    case Reason::protected_target:
      return protecting(found);
    case Reason::ungrounded_target:
      return "only text that an attacker could write names the target";
    case Reason::freeze:
      return fmt::format("frozen at {} until {}{}",
                         name_of(found.freeze->tier),
                         to_rfc3339(found.freeze->to),
                         because(found.freeze->reason));
    case Reason::rate_limit:
      if (found.entry) {
        return fmt::format("whitelist entry {} matches, but its {} per {} are used up",
                           found.entry->id,
                           limit_in(found.entry->rate, found.window),
                           name_of_window(found.window));
      }
      if (found.closed) {
        return fmt::format("its limit is 0 when {}{}",
                           shown(found.closed->text, 240),
                           because(found.closed->reason));
      }
      if (found.limited->limit.closed())
        return fmt::format("its limit is 0{}", because(found.limited->limit_reason));
      return fmt::format("the limit of {} {} per {} is used up{}",
                         limit_in(found.limited->limit, found.window),
                         request.action,
                         name_of_window(found.window),
                         because(found.limited->limit_reason));
    case Reason::force_auto:
      return overridden(*found.override_, "a force_auto override of the verb applies");
    case Reason::whitelist:
      return fmt::format(
          "whitelist entry {} matches until {}", found.entry->id, to_rfc3339(found.entry->expires));
    case Reason::no_whitelist_match:
      return "no whitelist entry matches";
    case Reason::tier:
      return found.ruling == model::Ruling::auto_ ? "which runs by itself at this tier"
                                                  : needs(found.radius);
  }
  return "";
}

/// The place in the policy file that decided.
std::optional<std::string> rule_of(const Judgement& found, const model::ActionRequest& request) {
  switch (found.reason) {
    case Reason::kill_switch:
      return "kill_switch";
    case Reason::block_override:
    case Reason::force_auto:
      return "overrides." + request.action;
    case Reason::protected_target:
      return found.protected_ ? "protected" : "overrides." + request.action;
    case Reason::freeze:
      return "freezes";
    case Reason::rate_limit:
      return found.entry ? found.entry->id : "limits." + request.action;
    case Reason::whitelist:
      return found.entry->id;
    case Reason::critical:
    case Reason::unknown_action:
    case Reason::ungrounded_target:
    case Reason::tier:
    case Reason::no_whitelist_match:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string tier_in_words(const Judgement& found) {
  if (!found.tenant) return "tier L0 (the policy does not name the tenant)";
  if (!found.overdue) return fmt::format("tier {}", name_of(found.tier));
  return fmt::format("tier {} (granted {}, lowered: the review was due {}{})",
                     name_of(found.tier),
                     name_of(found.tenant->tier),
                     to_rfc3339(*found.tenant->review_by),
                     found.tenant->owner.empty() ? "" : " by " + shown(found.tenant->owner));
}

}  // namespace

model::Decision Policy::explain(const Judgement& found, const model::ActionRequest& request) const {
  model::Decision decision;
  decision.decision = found.ruling;
  decision.reason = found.reason;
  decision.rule = rule_of(found, request);
  decision.tier = found.tier;
  decision.blast_radius = found.radius;
  decision.rationale = fmt::format("{} on {} is {}; {}; {}",
                                   shown(request.action),
                                   shown(request.target.value),
                                   name_of(found.radius),
                                   tier_in_words(found),
                                   cause(found, request));
  decision.policy_version = version_.version;
  decision.policy_hash = version_.hash;
  if (found.reason == Reason::whitelist && !found.entry->notify.empty())
    decision.notify = found.entry->notify;
  return decision;
}

}  // namespace sallyport::gate
