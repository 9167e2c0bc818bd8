#include "engine/ingest/groups.hpp"

#include <algorithm>
#include <utility>

namespace sallyport::ingest {

namespace {

/// What one investigation remembers to have heard; beyond, everything is new to it.
constexpr std::size_t most_marks = 256;

std::uint64_t mark(std::string_view kind, std::string_view value) {
  // FNV-1a over both; a mark taken for another one is heard a little less, and that is all.
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto add = [&](std::string_view text) {
    for (const char c : text) {
      hash ^= static_cast<unsigned char>(c);
      hash *= 0x100000001b3ULL;
    }
    hash ^= 0xffU;
    hash *= 0x100000001b3ULL;
  };
  add(kind);
  add(value);
  return hash;
}

std::vector<std::uint64_t> marks_of(const model::Alert& alert,
                                    std::span<const std::string> signals) {
  std::vector<std::uint64_t> marks;
  marks.reserve(alert.entities.size() + alert.techniques.size() + signals.size());
  for (const auto& [entity, role, grounded] : alert.entities)
    marks.push_back(mark(entity.kind, entity.value));
  for (const auto& technique : alert.techniques) marks.push_back(mark("technique", technique));
  for (const auto& signal : signals) marks.push_back(mark("signal", signal));
  std::ranges::sort(marks);
  const auto [first, last] = std::ranges::unique(marks);
  marks.erase(first, last);
  return marks;
}

/// OCSF's `other` is no degree.
int degree(model::Severity severity) {
  return severity == model::Severity::other ? 0 : static_cast<int>(severity);
}

}  // namespace

Groups::Groups(std::shared_ptr<const GroupingRules> rules, NewId new_id, Listen listen)
    : new_id_{std::move(new_id)}, listen_{std::move(listen)}, rules_{std::move(rules)} {}

void Groups::use(std::shared_ptr<const GroupingRules> rules) {
  const std::scoped_lock lock{mutex_};
  rules_ = std::move(rules);
}

std::shared_ptr<const GroupingRules> Groups::rules() const {
  const std::scoped_lock lock{mutex_};
  return rules_;
}

Placement Groups::place(const model::Alert& alert, Time at) {
  const auto rules = this->rules();
  auto keys = rules->keys_of(alert);
  if (keys.empty()) return {.investigation = new_id_(at)};

  std::unique_lock lock{mutex_};
  if (rules != rules_) keys = rules_->keys_of(alert);
  auto placement = join(keys, at);
  if (!placement) return open(alert, std::move(keys), at);
  lock.unlock();
  const auto marks = marks_of(alert, listen_(alert));
  lock.lock();

  const auto found = by_id_.find(placement->investigation);
  // Another thread's alert pushed it out in between: it is looked at, which is always right.
  if (found == by_id_.end()) return *std::move(placement);
  auto& group = *found->second;
  if (group.is_durable && knows(group, alert, marks)) {
    placement->part = Part::joins;
  } else if (group.versions > rules_->reopenings()) {
    give_back(group, placement->number);
    return open(alert, std::move(keys), at);
  }
  return *std::move(placement);
}

std::optional<Placement> Groups::join(const std::vector<KeyOfRule>& keys, Time at) {
  for (const auto& [rule, key] : keys) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) continue;
    auto& group = *found->second;
    const auto& bounds = rules_->bounds()[rule];
    if (at > group.last + bounds.window || at > group.opened + bounds.lasts ||
        at + bounds.window < group.opened || group.count - group.free.size() >= bounds.cap)
      continue;
    std::uint64_t number = group.count + 1;
    if (group.free.empty()) {
      group.count = number;
    } else {
      number = group.free.back();
      group.free.pop_back();
    }
    group.last = std::max(group.last, at);
    groups_.splice(groups_.begin(), groups_, found->second);
    return Placement{
        .investigation = group.id, .part = Part::follows, .rule = bounds.rule, .number = number};
  }
  return std::nullopt;
}

Placement Groups::open(const model::Alert& alert, std::vector<KeyOfRule> keys, Time at) {
  Placement placement{.investigation = new_id_(at)};
  for (const auto& [rule, key] : keys) placement.keys.push_back(key);
  groups_.push_front({.id = placement.investigation,
                      .keys = placement.keys,
                      .opened = at,
                      .last = at,
                      .severity = alert.severity,
                      .marks = {}});
  insert(groups_.begin());
  turns_.try_emplace(placement.investigation);
  while (groups_.size() > rules_->remembered()) remove(std::prev(groups_.end()));
  return placement;
}

void Groups::give_back(Group& group, std::uint64_t number) {
  if (number == group.count) {
    --group.count;
  } else {
    group.free.push_back(number);
  }
}

void Groups::insert(List::iterator group) {
  by_id_.insert_or_assign(group->id, group);
  for (const auto& key : group->keys) by_key_.insert_or_assign(key, group);
}

void Groups::remove(List::iterator group) {
  for (const auto& key : group->keys) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end() && found->second == group) by_key_.erase(found);
  }
  by_id_.erase(group->id);
  groups_.erase(group);
}

bool Groups::knows(const Group& group,
                   const model::Alert& alert,
                   std::span<const std::uint64_t> marks) {
  return degree(alert.severity) <= degree(group.severity) &&
         std::ranges::includes(group.marks, marks);
}

void Groups::take_back(const Placement& placement) {
  const std::scoped_lock lock{mutex_};
  const auto found = by_id_.find(placement.investigation);
  if (found == by_id_.end()) return;
  if (placement.part == Part::opens) {
    remove(found->second);
  } else {
    give_back(*found->second, placement.number);
  }
}

void Groups::durable(std::string_view investigation, std::uint32_t versions) {
  const std::scoped_lock lock{mutex_};
  const auto found = by_id_.find(investigation);
  if (found == by_id_.end()) return;
  found->second->is_durable = true;
  found->second->versions = std::max(found->second->versions, versions);
}

void Groups::heard(std::string_view investigation,
                   const model::Alert& alert,
                   std::span<const std::string> signals) {
  auto marks = marks_of(alert, signals);
  const std::scoped_lock lock{mutex_};
  const auto found = by_id_.find(investigation);
  if (found == by_id_.end()) return;
  auto& group = *found->second;
  if (degree(alert.severity) > degree(group.severity)) group.severity = alert.severity;
  if (group.marks.empty()) {
    group.marks = std::move(marks);
    group.marks.shrink_to_fit();
  } else {
    std::vector<std::uint64_t> all;
    std::ranges::set_union(group.marks, marks, std::back_inserter(all));
    group.marks = std::move(all);
  }
  if (group.marks.size() > most_marks) group.marks.resize(most_marks);
}

bool Groups::is_news(std::string_view investigation, const model::Alert& alert) const {
  const auto marks = marks_of(alert, listen_(alert));
  const std::scoped_lock lock{mutex_};
  const auto found = by_id_.find(investigation);
  return found == by_id_.end() || !knows(*found->second, alert, marks);
}

std::optional<Groups::Work> Groups::enter(const std::string& investigation, Work work) {
  const std::scoped_lock lock{mutex_};
  const auto [turn, is_free] = turns_.try_emplace(investigation);
  if (is_free) return work;
  turn->second.push_back(std::move(work));
  return std::nullopt;
}

std::optional<Groups::Work> Groups::leave(const std::string& investigation) {
  const std::scoped_lock lock{mutex_};
  const auto turn = turns_.find(investigation);
  if (turn == turns_.end()) return std::nullopt;
  if (turn->second.empty()) {
    turns_.erase(turn);
    return std::nullopt;
  }
  auto next = std::move(turn->second.front());
  turn->second.pop_front();
  return next;
}

void Groups::close(std::string_view investigation) {
  const std::scoped_lock lock{mutex_};
  if (const auto found = by_id_.find(investigation); found != by_id_.end()) remove(found->second);
}

bool Groups::restore(OpenGroup group) {
  const std::scoped_lock lock{mutex_};
  if (groups_.size() >= rules_->remembered()) return false;
  groups_.push_back({.id = std::move(group.investigation),
                     .keys = std::move(group.keys),
                     .opened = group.opened,
                     .last = group.last,
                     .count = group.count,
                     .is_durable = true});
  // A newer investigation keeps the keys that it took over.
  const auto added = std::prev(groups_.end());
  by_id_.insert_or_assign(added->id, added);
  for (const auto& key : added->keys) by_key_.try_emplace(key, added);
  return true;
}

std::size_t Groups::open() const {
  const std::scoped_lock lock{mutex_};
  return groups_.size();
}

}  // namespace sallyport::ingest
