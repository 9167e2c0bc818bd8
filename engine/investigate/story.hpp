#pragma once

#include "engine/model/alert.hpp"
#include "engine/model/verdict.hpp"

#include <span>
#include <string>
#include <vector>

namespace sallyport::investigate {

/// An investigation that more alerts may join: its newest verdict, and its alerts as one.
struct Story {
  model::Verdict verdict;
  model::Alert whole;
};

/// `later` as it is investigated in the story: its own text, what it and the story name (at most
/// 64 entities, the later one's first), the techniques of both and the higher severity.
[[nodiscard]] model::Alert joined(const model::Alert& whole, const model::Alert& later);

/// All of `alerts`, the oldest first, as one; it is not empty.
[[nodiscard]] model::Alert joined(std::span<const model::Alert> alerts);

/// Whether `after` is worth a new version of `before`: a higher severity, a worse verdict, a
/// technique, a flag or a signal that was not there (but those of the history, which every alert
/// moves), or an action on something that none was proposed for.
[[nodiscard]] bool rises(const model::Verdict& before, const model::Verdict& after);

/// Whether `alone` is a worse verdict: joining a story must not make anything milder.
[[nodiscard]] bool is_worse(const model::Verdict& alone, const model::Verdict& verdict);

/// A verdict about the later alert alone, as the next version of `before`. What it can be replayed
/// from is kept with the `later` alert and the `whole`.
[[nodiscard]] model::Verdict as_version_of(const model::Verdict& before,
                                           model::Verdict alone,
                                           const model::Alert& whole,
                                           const model::Alert& later);

/// Joining never makes anything milder: where `verdict`, a later version of `before`, would be, it
/// stands by what was said, with a term that says so (`story`).
void stand_by(const model::Verdict& before, model::Verdict& verdict);

/// The proposal of `earlier` that does the same to the same; nullptr: there is none. Alerts are one
/// target: what is done to one of an investigation is done to it.
[[nodiscard]] const model::Proposal* same_in(const model::Verdict& earlier,
                                             const model::Proposal& proposal);

}  // namespace sallyport::investigate
