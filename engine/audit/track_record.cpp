#include "engine/audit/track_record.hpp"

#include "engine/audit/entry_facts.hpp"
#include "engine/audit/policy_history.hpp"
#include "engine/gate/policy_diff.hpp"
#include "engine/model/action.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace sallyport::audit {

namespace {

using enum model::EntryKind;

template <class Items>
void bound(Items& items, std::size_t most) {
  while (items.size() > most) items.pop_front();
}

/// The kinds of target for which these limits of a verb let nothing run; `*` is all.
std::set<std::string> closed_for(const std::optional<json::value>& limits) {
  std::set<std::string> kinds;
  if (!limits) return kinds;
  // One window of a limit.
  if (limits->is_number() && limits->to_number<double>() == 0) kinds.insert("*");
  for (const auto& one : closed_limits(*limits)) {
    if (one.target_kinds.empty()) kinds.insert("*");
    kinds.insert(one.target_kinds.begin(), one.target_kinds.end());
  }
  return kinds;
}

/// The parts of a JSON pointer after `prefix`; nothing when it stands elsewhere.
std::optional<std::vector<std::string>> parts_below(std::string_view pointer,
                                                    std::string_view prefix) {
  if (pointer != prefix && !pointer.starts_with(std::string{prefix} + '/')) return std::nullopt;
  std::vector<std::string> parts;
  for (auto rest = pointer.substr(prefix.size()); !rest.empty();) {
    const auto end = std::min(rest.find('/', 1), rest.size());
    parts.emplace_back(rest.substr(1, end - 1));
    rest.remove_prefix(end);
  }
  return parts;
}

const json::object* limits_in(const std::optional<json::value>& value, bool of_tenant) {
  const auto* object = value ? value->if_object() : nullptr;
  const auto* limits = object && of_tenant ? object->if_contains("limits") : nullptr;
  return of_tenant ? (limits ? limits->if_object() : nullptr) : object;
}

std::optional<json::value> member(const json::object* object, std::string_view key) {
  const auto* found = object ? object->if_contains(key) : nullptr;
  return found ? std::optional{*found} : std::nullopt;
}

/// The kinds of target of each verb of `tenant` for which its limit became 0 by this change, or
/// ceased to be.
using Turned = std::map<std::string, std::set<std::string>>;

Turned turned_by(const gate::PolicyChange& change, std::string_view tenant) {
  Turned turned;
  const auto parts = parts_below(change.path, child("/tenants", tenant));
  if (!parts || (!parts->empty() && parts->front() != "limits")) return turned;
  const auto compare = [&](const std::string& verb, const auto& before, const auto& after) {
    std::set<std::string> kinds;
    std::ranges::set_symmetric_difference(
        closed_for(before), closed_for(after), std::inserter(kinds, kinds.end()));
    if (!kinds.empty()) turned[verb].merge(kinds);
  };
  if (parts->size() >= 2) {
    compare((*parts)[1], change.before, change.after);
    return turned;
  }
  const auto* before = limits_in(change.before, parts->empty());
  const auto* after = limits_in(change.after, parts->empty());
  for (const auto* limits : {before, after}) {
    if (!limits) continue;
    for (const auto& item : *limits) {
      const std::string_view verb{item.key()};
      compare(std::string{verb}, member(before, verb), member(after, verb));
    }
  }
  return turned;
}

}  // namespace

void TrackRecord::answered(std::string action, bool approved, Time at) {
  answers_.push_back({.action = std::move(action), .at = at, .agreed = approved});
  bound(answers_, keep_);
}

void TrackRecord::ran(Time at) {
  runs_.push_back(at);
  bound(runs_, keep_);
}

void TrackRecord::rolled_back(std::string_view action, Time at) {
  if (std::ranges::find(overturned_, action) != overturned_.end()) return;
  undone_.emplace_back(action);
  bound(undone_, keep_);
  rollbacks_.push_back(at);
  bound(rollbacks_, keep_);
  for (auto& answer : answers_)
    if (answer.action == action) answer.agreed = false;
}

void TrackRecord::overturned(std::string_view action, Time at) {
  if (std::ranges::find(undone_, action) != undone_.end()) return;
  rolled_back(action, at);
  if (std::ranges::find(overturned_, action) == overturned_.end()) overturned_.emplace_back(action);
  bound(overturned_, keep_);
}

TrackRecord::Share TrackRecord::agreed(Time since) const {
  Share share;
  for (const auto& answer : answers_) {
    if (answer.at < since) continue;
    ++share.all;
    if (answer.agreed) ++share.of;
  }
  return share;
}

TrackRecord::Share TrackRecord::undone(Time since) const {
  const auto first = std::ranges::find_if(runs_, [since](Time run) { return run >= since; });
  if (first == runs_.end()) return {};
  const auto all = static_cast<std::uint64_t>(runs_.end() - first);
  const auto of = static_cast<std::uint64_t>(
      std::ranges::count_if(rollbacks_, [&](Time rollback) { return rollback >= *first; }));
  return {.of = std::min(of, all), .all = all};
}

std::optional<Demotion> demotion(const TrackRecord& record, const DemotionRule& rule, Time now) {
  const auto since = now - rule.age;
  const auto shows = [&](const TrackRecord::Share& share) {
    return share.all > 0 && share.all >= rule.min_samples;
  };
  const auto agreed = record.agreed(since);
  const Demotion by_people{.shortfall = Shortfall::agreement,
                           .of = agreed.of,
                           .all = agreed.all,
                           .bound = rule.agreement_floor};
  if (shows(agreed) && by_people.share() < rule.agreement_floor) return by_people;
  const auto undone = record.undone(since);
  const Demotion by_rollbacks{.shortfall = Shortfall::rollbacks,
                              .of = undone.of,
                              .all = undone.all,
                              .bound = rule.rollback_ceiling};
  if (shows(undone) && by_rollbacks.share() > rule.rollback_ceiling) return by_rollbacks;
  return std::nullopt;
}

std::string to_text(const Demotion& demotion, const TrackedClass& of) {
  const auto percent = [](double share) { return share * 100; };
  if (demotion.shortfall == Shortfall::agreement) {
    return fmt::format(
        "people agreed with {} of the last {} {} on {} ({:.0f} %); the floor is {:.0f} %",
        demotion.of,
        demotion.all,
        of.verb,
        of.target_kind,
        percent(demotion.share()),
        percent(demotion.bound));
  }
  return fmt::format(
      "{} were rolled back while the last {} {} on {} ran ({:.0f} %); the ceiling is {:.0f} %",
      demotion.of,
      demotion.all,
      of.verb,
      of.target_kind,
      percent(demotion.share()),
      percent(demotion.bound));
}

void TrackRecords::begin_anew(const model::LedgerEntry& entry) {
  const auto* changes = entry.body.if_contains("changes");
  const auto* list = changes ? changes->if_array() : nullptr;
  if (!list) return;
  for (const auto& item : *list) {
    gate::PolicyChange change;
    Faults faults;
    read_json(item, change, faults);
    if (!faults.empty()) continue;
    const auto turned = turned_by(change, entry.tenant);
    std::erase_if(records_, [&](const auto& one) {
      const auto verb = turned.find(one.first.verb);
      return one.first.tenant == entry.tenant && verb != turned.end() &&
             (verb->second.contains("*") || verb->second.contains(one.first.target_kind));
    });
  }
}

void TrackRecords::overturn(const model::LedgerEntry& entry) {
  const auto text = [](const json::object& object, std::string_view name) {
    const auto* found = object.if_contains(name);
    const auto* value = found ? found->if_string() : nullptr;
    return value ? std::string{std::string_view{*value}} : std::string{};
  };
  const auto verdict = text(entry.body, "verdict");
  if (verdict != "benign" && verdict != "false_positive") return;
  const auto* ran = entry.body.if_contains("ran");
  const auto* list = ran ? ran->if_array() : nullptr;
  if (!list) return;
  for (const auto& item : *list) {
    const auto* action = item.if_object();
    const auto* target = action ? action->if_contains("target") : nullptr;
    const auto* object = target ? target->if_object() : nullptr;
    if (!object) continue;
    const auto found = records_.find({.tenant = entry.tenant,
                                      .verb = text(*action, "verb"),
                                      .target_kind = text(*object, "kind")});
    if (found != records_.end()) found->second.overturned(text(*action, "action"), entry.at);
  }
}

void TrackRecords::add(const model::LedgerEntry& entry) {
  if (entry.kind == policy_changed) return begin_anew(entry);
  if (entry.kind == judged) return overturn(entry);
  if (std::ranges::find(kinds, entry.kind) == kinds.end()) return;
  const auto facts = facts_of(entry);
  if (facts.verb.empty()) return;
  auto& record =
      records_
          .try_emplace(
              {.tenant = entry.tenant, .verb = facts.verb, .target_kind = facts.target_kind}, keep_)
          .first->second;
  if (entry.kind == approved || entry.kind == denied)
    // Who changes a request does not agree with it as it was proposed.
    record.answered(entry.subject, entry.kind == approved && facts.changed.empty(), entry.at);
  if (entry.kind == executed && facts.state == name_of(model::ActionState::succeeded))
    record.ran(entry.at);
  if (entry.kind == rolled_back) record.rolled_back(entry.subject, entry.at);
}

}  // namespace sallyport::audit
