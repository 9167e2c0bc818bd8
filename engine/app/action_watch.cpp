#include "engine/app/action_watch.hpp"

#include "engine/act/timed.hpp"
#include "engine/store/timers.hpp"

#include <algorithm>

namespace sallyport::app {

namespace {

constexpr std::size_t most_at_once = 100;
/// Until an end is tried again that a person or the product held up.
constexpr std::chrono::minutes again_after{15};

/// Whether it is in force.
bool in_force(const model::Action& action) {
  using enum model::ActionState;
  switch (action.state) {
    case succeeded:
    case verified:
    case rollback_failed:
      return true;
    default:
      return false;
  }
}

/// What a look showed, as the metric calls it.
std::string_view shown_by(const model::Action& action) {
  if (action.drift) return "drifted";
  return action.state == model::ActionState::verified ? "holds" : name_of(action.state);
}

}  // namespace

ActionWatch::ActionWatch(Rooms rooms, Dispatcher& dispatcher, std::uint32_t looks_per_minute)
    : rooms_{std::move(rooms)},
      dispatcher_{dispatcher},
      per_minute_{looks_per_minute},
      allowed_{static_cast<double>(looks_per_minute)},
      counted_at_{rooms_.clock.now()} {}

Task<> ActionWatch::release_due() {
  const auto due =
      store::due_timers(rooms_.store, store::TimerKind::action, rooms_.clock.now(), most_at_once);
  if (!due) co_return std::unexpected{due.error()};
  for (const auto& id : *due) {
    auto action = rooms_.actions.get(id);
    if (!action) continue;
    const auto ended = co_await end(*std::move(action));
    if (!ended)
      rooms_.log.warn("timed action not ended", {{"action", id}, {"why", ended.error().detail}});
  }
  co_return Result<>{};
}

Task<> ActionWatch::end(model::Action action) {
  if (!in_force(action)) co_return co_await rooms_.actions.end_later(std::move(action), {});
  const auto released = co_await rooms_.executor.release(action);
  if (released) {
    dispatcher_.ended(*released);
    co_return Result<>{};
  }
  // The product still holds it or cannot be asked, or somebody else changes it: the next round asks
  // again.
  const bool busy = released.error().code == Errc::conflict;
  if (busy || act::ends_itself(action)) co_return Result<>{};
  // First the bell: whatever becomes of the rollback, somebody looks after it.
  const auto later = co_await rooms_.actions.end_later(action, rooms_.clock.now() + again_after);
  if (!later) co_return later;
  const auto proposed = co_await dispatcher_.roll_back(
      std::move(action), {.kind = "engine", .id = "end of a timed action"});
  if (!proposed) co_return std::unexpected{proposed.error()};
  co_return Result<>{};
}

std::size_t ActionWatch::allowed_now() {
  const auto now = rooms_.clock.now();
  const std::chrono::duration<double, std::ratio<60>> passed = now - counted_at_;
  counted_at_ = now;
  const double most = per_minute_;
  allowed_ = std::clamp(allowed_ + passed.count() * most, 0.0, most);
  return std::min(static_cast<std::size_t>(allowed_), most_at_once);
}

void ActionWatch::count(std::string_view result) {
  rooms_.metrics
      .counter("sallyport_action_looks_total",
               "Looks at actions that came to rest, by what they showed",
               {{"result", std::string{result}}})
      .add();
}

Task<> ActionWatch::look_at_due() {
  const auto allowed = allowed_now();
  if (allowed == 0) co_return Result<>{};
  const auto due =
      store::due_timers(rooms_.store, store::TimerKind::look, rooms_.clock.now(), allowed);
  if (!due) co_return std::unexpected{due.error()};
  for (const auto& id : *due) {
    allowed_ -= 1;
    const auto looked = co_await rooms_.executor.look_again(id);
    if (!looked) {
      rooms_.log.warn("action not looked at", {{"action", id}, {"why", looked.error().detail}});
      count("failed");
    } else if (*looked) {
      const auto& action = **looked;
      rooms_.log.warn(
          "action is not what it was",
          {{"action", id}, {"state", name_of(action.state)}, {"detail", action.detail}});
      count(shown_by(action));
      dispatcher_.ended(action);
    } else {
      count("unchanged");
    }
  }
  co_return Result<>{};
}

}  // namespace sallyport::app
