#include "engine/act/rollback_plan.hpp"

#include "engine/act/reversal.hpp"

#include <algorithm>
#include <utility>

namespace sallyport::act {

namespace {

bool may_need_rollback(const model::Action& action) {
  using enum model::ActionState;
  if (!action.reverses.empty()) return false;
  switch (action.state) {
    case blocked:
    case denied:
    case expired:
    case failed:
    case rolled_back:
    case released:
      return false;
    case queued:
    case permitted:
    case intended:
    case executing:
    case unknown:
    case succeeded:
    case verified:
    case rollback_failed:
      return true;
  }
  std::unreachable();
}

std::string why_not(const model::Action& action) {
  using enum model::ActionState;
  switch (action.state) {
    case queued:
      return "nothing was done yet: it waits for a person, who can deny it";
    case permitted:
    case intended:
    case executing:
      return "it is under way: try again when it came to rest";
    case unknown:
      return "nobody knows yet whether it happened: try again when that is settled";
    default: {
      const auto request = rollback_request(action, {});
      return request ? "" : request.error().detail;
    }
  }
}

}  // namespace

Time done_at(const model::Action& action) {
  // Intent and rollback record are written right before.
  return action.rollback ? action.rollback->recorded_at : action.created_at;
}

std::vector<RollbackStep> plan_rollback(std::vector<model::Action> actions) {
  std::erase_if(actions, [](const auto& action) { return !may_need_rollback(action); });
  std::ranges::sort(actions, [](const auto& a, const auto& b) {
    return std::pair{done_at(a), a.id.text()} > std::pair{done_at(b), b.id.text()};
  });
  std::vector<RollbackStep> steps;
  for (auto& action : actions) {
    auto why = why_not(action);
    steps.push_back({.action = std::move(action), .why_not = std::move(why)});
  }
  return steps;
}

}  // namespace sallyport::act
