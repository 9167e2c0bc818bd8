#include "engine/act/life.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sallyport::act {

namespace {

using enum model::ActionState;

struct Way {
  model::ActionState from;
  model::ActionState to;
};

constexpr std::array ways{
    Way{queued, permitted},
    Way{queued, denied},
    Way{queued, expired},
    Way{queued, blocked},  // the policy became stricter than the question
    Way{permitted, intended},
    Way{permitted, queued},  // the policy became stricter before anything was sent
    Way{permitted, blocked},
    Way{permitted, failed},  // refused before anything was sent
    Way{intended, executing},
    Way{intended, queued},  // as above: the last look before sending
    Way{intended, blocked},
    Way{intended, permitted},  // after a crash: nothing was sent, so the gate is asked anew
    Way{intended, succeeded},  // it was in effect before
    Way{executing, queued},    // as above: the very last look, after which nothing is awaited
    Way{executing, blocked},
    Way{executing, succeeded},
    Way{executing, failed},
    Way{executing, unknown},
    Way{unknown, succeeded},
    Way{unknown, failed},
    Way{unknown, unknown},      // looked at, and still nobody knows
    Way{succeeded, succeeded},  // read back, and not confirmed
    Way{succeeded, verified},
    Way{succeeded, rolled_back},
    Way{succeeded, rollback_failed},
    Way{succeeded, released},
    Way{verified, verified},  // undone outside, or restored there
    Way{verified, rolled_back},
    Way{verified, rollback_failed},
    Way{verified, released},
    Way{rollback_failed, rolled_back},  // tried again
    Way{rollback_failed, rollback_failed},
    Way{rollback_failed, released},
};

}  // namespace

bool may_follow(model::ActionState from, model::ActionState to) {
  return std::ranges::any_of(ways,
                             [&](const Way& way) { return way.from == from && way.to == to; });
}

model::EntryKind entry_of(model::ActionState to) {
  switch (to) {
    case queued:
    case blocked:
    case permitted:
      return model::EntryKind::decided;
    case denied:
      return model::EntryKind::denied;
    case expired:
      return model::EntryKind::expired;
    case intended:
      return model::EntryKind::intended;
    case executing:
      return model::EntryKind::executing;
    case succeeded:
    case failed:
    case unknown:
      return model::EntryKind::executed;
    case verified:
      return model::EntryKind::verified;
    case rolled_back:
      return model::EntryKind::rolled_back;
    case rollback_failed:
      return model::EntryKind::rollback_failed;
    case released:
      return model::EntryKind::released;
  }
  std::unreachable();
}

bool is_under_way(const model::Action& action) {
  switch (action.state) {
    case permitted:
    case intended:
    case executing:
    case unknown:
      return true;
    case succeeded:
      return !action.verification;
    case queued:
    case blocked:
    case denied:
    case expired:
    case failed:
    case verified:
    case rolled_back:
    case rollback_failed:
    case released:
      return false;
  }
  std::unreachable();
}

bool is_over(const model::Action& action) {
  switch (action.state) {
    case blocked:
    case denied:
    case expired:
    case failed:
    case rolled_back:
    case released:
      return true;
    case succeeded:
    case verified:
      return !action.rollback || action.rollback->verb.empty();
    case queued:
    case permitted:
    case intended:
    case executing:
    case unknown:
    case rollback_failed:
      return false;
  }
  std::unreachable();
}

}  // namespace sallyport::act
