#include "engine/investigate/step.hpp"

#include <algorithm>

namespace sallyport::investigate {

namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

}  // namespace

Next Investigation::step(const Event& event) {
  return std::visit(
      Overloaded{
          [&](const Opened& e) { return enter(Stage::context, e.left); },
          [&](const ContextRead& e) {
            partial_ = partial_ || e.cut_short;
            return enter(Stage::enrich, e.left);
          },
          [&](const Enriched& e) {
            partial_ = partial_ || e.cut_short;
            return enter(ladder_.model ? Stage::think : Stage::reason, e.left);
          },
          [&](const Answered& e) {
            return stage_ == Stage::think ? answered(e) : enter(Stage::reason, e.left);
          },
          [&](const LookedUp& e) {
            return stage_ == Stage::think ? ask(e.left, looked_ < ladder_.rounds, false)
                                          : enter(Stage::reason, e.left);
          },
          [&](const Reasoned& e) { return enter(Stage::finished, e.left); },
      },
      event);
}

Next Investigation::enter(Stage stage, Elapsed left) {
  // Never back: a stray event leads on from where the investigation stands.
  stage_ = stage > stage_
               ? stage
               : std::min(static_cast<Stage>(static_cast<int>(stage_) + 1), Stage::finished);
  const auto slice = [&](std::chrono::milliseconds own, std::chrono::milliseconds later) {
    const auto all = std::max(own + later, std::chrono::milliseconds{1});
    const auto share = left / all.count() * own.count();
    return std::max({left - Elapsed{later}, Elapsed{share}, Elapsed::zero()});
  };
  switch (stage_) {
    case Stage::opened:
    case Stage::context:
      return ReadContext{slice(slices_.context, slices_.enrich + slices_.reason + slices_.buffer)};
    case Stage::enrich:
      return Enrich{slice(slices_.enrich, slices_.reason + slices_.buffer)};
    case Stage::think:
      return ask(left, ladder_.rounds > 0, false);
    case Stage::reason:
      return Reason{slice(slices_.reason, slices_.buffer)};
    case Stage::finished:
      break;
  }
  return Finish{partial_};
}

Elapsed Investigation::until(int percent, Elapsed left) const {
  return std::max(left - Elapsed{slices_.total()} * (100 - percent) / 100, Elapsed::zero());
}

Next Investigation::ask(Elapsed left, bool may_look, bool repair) {
  may_look = may_look && until(ladder_.no_new_round, left) > Elapsed::zero();
  const auto within = until(may_look ? ladder_.must_answer : ladder_.conclude, left);
  const auto most = ladder_.rounds + 3;  // the first, a repair, a forced one
  if (!ladder_.model || within == Elapsed::zero() || asked_ == most)
    return enter(Stage::reason, left);
  ++asked_;
  asked_with_look_ups_ = may_look;
  return Ask{.within = within, .may_look = may_look, .repair = repair};
}

Next Investigation::answered(const Answered& event) {
  const auto force = [&] {
    if (forced_) return enter(Stage::reason, event.left);
    forced_ = true;
    return ask(event.left, false, false);
  };
  switch (event.said) {
    case Said::faulty:
      if (repaired_) break;
      repaired_ = true;
      return ask(event.left, false, true);
    case Said::asks:
      if (!asked_with_look_ups_ || looked_ >= ladder_.rounds ||
          until(ladder_.no_new_round, event.left) == Elapsed::zero())
        return force();
      ++looked_;
      return LookUp{until(ladder_.no_new_round, event.left)};
    case Said::cut_off:
      if (asked_with_look_ups_) return force();
      break;
    case Said::judged:
    case Said::nothing:
      break;
  }
  return enter(Stage::reason, event.left);
}

}  // namespace sallyport::investigate
