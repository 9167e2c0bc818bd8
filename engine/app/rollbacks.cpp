#include "engine/app/rollbacks.hpp"

#include "engine/act/rollback_plan.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace sallyport::app {

namespace {

constexpr std::size_t page = 500;

bool is_in(const model::Action& action, const serve::RollbackOrder& order) {
  return order.tenant.empty() || action.tenant == order.tenant;
}

/// Of all that it is given the newest, at most so many that can be undone, and as many that cannot.
class Newest {
 public:
  explicit Newest(std::size_t limit) : limit_{limit} {}

  void take(const model::Action& action) {
    const auto steps = act::plan_rollback({action});
    if (steps.empty()) return;
    auto& kept = steps.front().why_not.empty() ? can_be_undone_ : cannot_be_undone_;
    kept.insert_or_assign(std::pair{act::done_at(action), action.id.text()}, action);
    if (kept.size() <= limit_) return;
    kept.erase(kept.begin());
    more_ = true;
  }

  [[nodiscard]] bool more() const { return more_; }

  [[nodiscard]] std::vector<model::Action> all() && {
    std::vector<model::Action> all;
    for (auto* kept : {&can_be_undone_, &cannot_be_undone_})
      for (auto& [when, action] : *kept) all.push_back(std::move(action));
    return all;
  }

 private:
  using Kept = std::map<std::pair<Time, std::string>, model::Action>;

  std::size_t limit_;
  bool more_ = false;
  Kept can_be_undone_;
  Kept cannot_be_undone_;
};

/// Visits the newest first, until `take` returns false. Errors: of the store.
template <class Take>
Result<> each_newest_first(const act::Actions& actions, act::ActionFilter filter, Take take) {
  filter.limit = page;
  for (;;) {
    const auto found = actions.list(filter);
    if (!found) return std::unexpected{found.error()};
    for (const auto& action : *found)
      if (!take(action)) return {};
    if (found->size() < page) return {};
    filter.before = found->back().id.text();
  }
}

Result<> gather(const act::Actions& actions, const serve::RollbackOrder& order, Newest& found) {
  const auto take = [&](const model::Action& action) {
    if (is_in(action, order)) found.take(action);
    return true;
  };
  if (!order.action.empty()) {
    const auto action = actions.get(order.action);
    if (!action) return std::unexpected{action.error()};
    if (!is_in(*action, order)) return fail(Errc::not_found, "no such action");
    take(*action);
    return {};
  }
  if (!order.investigation.empty())
    return each_newest_first(actions, {.investigation = order.investigation}, take);
  // What is in force, however long ago it was proposed; and what was proposed since, to say of it
  // that it cannot be undone.
  const auto since = order.since.value_or(Time::max());
  const auto visited = actions.each_open(
      [&](const model::Action& action) { return act::done_at(action) < since || take(action); });
  if (!visited) return visited;
  return each_newest_first(actions, {.tenant = order.tenant}, [&](const model::Action& action) {
    return action.created_at >= since && take(action);
  });
}

serve::RollbackItem item_of(const act::RollbackStep& step) {
  const auto& action = step.action;
  serve::RollbackItem item{.action = action.id.text(),
                           .verb = action.request.action,
                           .target = action.request.target,
                           .state = action.state,
                           .connector = action.connector,
                           .done_at = act::done_at(action),
                           .why_not = step.why_not};
  if (step.why_not.empty()) item.undo = action.rollback->verb;
  return item;
}

std::string target_of(const model::Action& action) {
  return store::key({action.tenant, action.rollback->target.value});
}

/// Rollbacks of this call by the target they are on.
class Sequence {
 public:
  /// Proposes what undoes `action` after what was proposed on its target before.
  asio::awaitable<void> propose(Dispatcher& dispatcher,
                                const model::Action& action,
                                const model::Actor& by,
                                serve::RollbackItem& item) {
    auto& last = by_target_[target_of(action)];
    if (!last.stuck.empty()) {
      item.why_not = last.stuck;
      co_return;
    }
    const auto proposed = co_await dispatcher.roll_back(action, by, last.rollback);
    if (!proposed) {
      item.why_not = proposed.error().detail;
      last.stuck = fmt::format("action {} on the same target, which was done later, was not undone",
                               action.id.text());
      co_return;
    }
    item.rollback = proposed->id.text();
    item.rollback_state = proposed->state;
    item.rationale = proposed->decision.rationale;
    last.rollback = proposed->id.text();
    if (proposed->state != model::ActionState::permitted) {
      last.stuck =
          fmt::format("rollback {} on the same target comes first, and is {}; then ask again",
                      last.rollback,
                      name_of(proposed->state));
    }
  }

 private:
  struct Last {
    std::string rollback;  ///< The latest proposed.
    std::string stuck;     ///< Why nothing can follow.
  };

  std::map<std::string, Last> by_target_;
};

}  // namespace

Task<serve::RollbackReport> roll_back_all(const Rooms& rooms,
                                          Dispatcher& dispatcher,
                                          serve::RollbackOrder order) {
  Newest found{order.limit};
  const auto gathered = gather(rooms.actions, order, found);
  if (!gathered) co_return std::unexpected{gathered.error()};
  serve::RollbackReport report{.preview = order.preview, .more = found.more()};
  const auto steps = act::plan_rollback(std::move(found).all());
  Sequence sequence;
  for (const auto& step : steps) {
    auto& item = report.steps.emplace_back(item_of(step));
    if (order.preview || !step.why_not.empty()) continue;
    co_await sequence.propose(dispatcher, step.action, order.by, item);
  }
  co_return report;
}

}  // namespace sallyport::app
