#include "tests/integration/engine/ledger_tally.hpp"

#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace sallyport::testing {

namespace {

std::string text_of(const json::object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  return value && value->is_string() ? std::string{std::string_view{value->get_string()}} : "";
}

void count(LedgerTally& tally, const model::LedgerEntry& entry) {
  using enum model::EntryKind;
  ++tally.entries;
  switch (entry.kind) {
    case received:
      ++tally.received[entry.subject];
      tally.belongs[entry.subject] = text_of(entry.body, "investigation");
      return;
    case verdict:
      tally.versions[entry.subject].push_back(entry.body.at("version").to_number<std::int64_t>());
      return;
    default:
      break;
  }
  const auto action = text_of(entry.body, "action");
  if (action.empty()) return;
  ++tally.steps[action][entry.kind];
  if (const auto* target = entry.body.if_contains("target"))
    tally.targets[action] =
        text_of(entry.body, "verb") + ' ' + text_of(target->as_object(), "value");
}

}  // namespace

std::vector<std::string> LedgerTally::not_investigated_once(
    const std::set<std::string>& uids) const {
  std::vector<std::string> wrong;
  std::size_t more = 0;
  const auto tell = [&](const std::string& uid, int times) {
    if (wrong.size() < 10) {
      wrong.push_back(fmt::format("{}: {} investigations", uid, times));
    } else {
      ++more;
    }
  };
  for (const auto& uid : uids) {
    const auto found = verdicts.find(uid);
    const auto times = found == verdicts.end() ? 0 : found->second;
    if (times != 1) tell(uid, times);
  }
  for (const auto& [uid, times] : verdicts)
    if (!uids.contains(uid)) tell("not sent: " + uid, times);
  if (more > 0) wrong.push_back(fmt::format("and {} more", more));
  return wrong;
}

std::map<std::string, int> LedgerTally::in_effect() const {
  using enum model::ActionState;
  std::map<std::string, int> count;
  for (const auto& [action, state] : states)
    if (state == verified || state == succeeded) ++count[targets.at(action)];
  return count;
}

int LedgerTally::under_way() const {
  using enum model::ActionState;
  int count = 0;
  for (const auto& [action, state] : states)
    if (state == permitted || state == intended || state == executing || state == unknown) ++count;
  return count;
}

bool LedgerTally::was_cut_off(const std::string& verb_and_target) const {
  return std::ranges::any_of(targets, [&](const auto& entry) {
    const auto& [action, target] = entry;
    return target == verb_and_target && states.at(action) == model::ActionState::failed &&
           steps.at(action).contains(model::EntryKind::executing);
  });
}

std::string LedgerTally::story_of(const std::string& verb_and_target) const {
  std::string story = verb_and_target + ':';
  for (const auto& [action, target] : targets) {
    if (target != verb_and_target) continue;
    story += fmt::format("\n  {} {}", action, name_of(states.at(action)));
    for (const auto& [kind, times] : steps.at(action))
      story += fmt::format(" {}x{}", name_of(kind), times);
  }
  return story;
}

LedgerTally tally_ledger(const std::filesystem::path& data) {
  const auto must = [](const auto& result) {
    if (!result) throw std::runtime_error{result.error().detail};
  };
  const auto store = store::Store::open({.directory = data, .read_only = true});
  must(store);
  const auto tenants = store::ledger_tenants(**store);
  must(tenants);
  LedgerTally tally;
  for (const auto& tenant : *tenants) {
    must(store::read_ledger(**store, tenant, 1, [&](std::uint64_t, std::string_view line) {
      const auto entry = from_json<model::LedgerEntry>(line);
      must(entry);
      count(tally, *entry);
      return true;
    }));
  }
  for (const auto& [uid, investigation] : tally.belongs) {
    const auto found = tally.versions.find(investigation);
    if (found == tally.versions.end()) continue;
    // 1, 2, 3: nothing is missing and nothing is there twice.
    int times = 1;
    for (std::size_t i = 0; i < found->second.size(); ++i)
      if (found->second[i] != static_cast<std::int64_t>(i + 1)) ++times;
    tally.verdicts[uid] = times;
  }
  const auto prefix = store::key({"id", ""});
  must((*store)->scan(
      store::Table::actions, prefix, "", false, [&](std::string_view, std::string_view value) {
        const auto action = from_json<model::Action>(value);
        must(action);
        tally.states[action->id.text()] = action->state;
        return true;
      }));
  return tally;
}

}  // namespace sallyport::testing
