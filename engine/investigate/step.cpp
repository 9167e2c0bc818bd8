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
  return std::visit(Overloaded{
                        [&](const Opened& e) { return enter(Stage::context, e.left); },
                        [&](const ContextRead& e) {
                          partial_ = partial_ || e.cut_short;
                          return enter(Stage::enrich, e.left);
                        },
                        [&](const Enriched& e) {
                          partial_ = partial_ || e.cut_short;
                          return enter(Stage::reason, e.left);
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
  const auto until = [&](std::chrono::milliseconds kept_for_later) {
    return std::max(left - Elapsed{kept_for_later}, Elapsed::zero());
  };
  switch (stage_) {
    case Stage::opened:
    case Stage::context:
      return ReadContext{until(slices_.enrich + slices_.reason + slices_.buffer)};
    case Stage::enrich:
      return Enrich{until(slices_.reason + slices_.buffer)};
    case Stage::reason:
      return Reason{until(slices_.buffer)};
    case Stage::finished:
      break;
  }
  return Finish{partial_};
}

}  // namespace sallyport::investigate
