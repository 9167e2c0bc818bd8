#pragma once

#include "engine/model/alert.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <variant>

namespace sallyport::investigate {

using Elapsed = std::chrono::steady_clock::duration;

/// How the budget is cut. Each slice ends at a fixed offset before the deadline, so that time not
/// used by one belongs to the next.
struct Slices {
  std::chrono::milliseconds context{5000};
  std::chrono::milliseconds enrich{5000};
  std::chrono::milliseconds reason{10000};
  std::chrono::milliseconds buffer{10000};

  [[nodiscard]] constexpr std::chrono::milliseconds total() const {
    return context + enrich + reason + buffer;
  }
};

/// The budget of an investigation, by how severe its alert is.
struct Budgets {
  Slices usual;
  std::map<model::Severity, Slices> by_severity;

  Budgets() = default;

  Budgets(Slices slices) : usual{slices} {}  // NOLINT(google-explicit-constructor): most have one

  [[nodiscard]] const Slices& of(model::Severity severity) const {
    const auto own = by_severity.find(severity);
    return own == by_severity.end() ? usual : own->second;
  }
};

// What happened since the last step. `left` is the time to the deadline, negative once it passed.
struct Opened {
  Elapsed left;
};

struct ContextRead {
  Elapsed left;
  bool cut_short = false;  ///< Not all of it arrived in time.
};

struct Enriched {
  Elapsed left;
  bool cut_short = false;
};

/// What a model's answer came to.
enum class Said : std::uint8_t {
  judged,   ///< An answer that holds.
  faulty,   ///< One that does not.
  asks,     ///< It wants to look something up.
  cut_off,  ///< It was speaking when its time was over.
  nothing,  ///< It did not answer, or not to the question.
};

struct Answered {
  Elapsed left;
  Said said = Said::nothing;
};

struct LookedUp {
  Elapsed left;
};

struct Reasoned {
  Elapsed left;
};

using Event = std::variant<Opened, ContextRead, Enriched, Answered, LookedUp, Reasoned>;

// What the driver has to do next, for at most `within`.
struct ReadContext {
  Elapsed within;
};

struct Enrich {
  Elapsed within;
};

/// Ask a model. What it may do depends on how late it is: the deadline ladder.
struct Ask {
  Elapsed within;
  bool may_look = false;  ///< Offer it look-ups; else it has to answer.
  bool repair = false;    ///< Its last answer did not hold: tell it why.
};

struct LookUp {
  Elapsed within;
};

/// Conclude, by what a model said or by the evidence alone.
struct Reason {
  Elapsed within;
};

struct Finish {
  bool partial = false;  ///< Time ran out on something.
};

using Next = std::variant<ReadContext, Enrich, Ask, LookUp, Reason, Finish>;

/// How a model takes part. Percent of the whole budget, from arrival: from `no_new_round` on it may
/// look up nothing more, at `must_answer` it is cut off to answer without, at `conclude` the engine
/// concludes by itself.
struct Ladder {
  bool model = false;  ///< Nobody is asked.
  std::uint32_t rounds = 1;
  int no_new_round = 60;
  int must_answer = 80;
  int conclude = 95;
};

/// The investigation without its I/O and without a clock: the driver performs each Next and reports
/// back an Event.
///
/// Deterministic, so a recorded run can be replayed. Always ends: every event leads at least one
/// stage on, an event of a stage that has passed leads nowhere back, and there are five stages; the
/// one of the model is left after `rounds` look-ups, one repair and one forced answer.
/// One that begins late gets of each slice the part that goes with what is left; a stage whose time
/// is already over is still entered, with `within` zero: what needs no waiting is done even then.
class Investigation {
 public:
  explicit Investigation(Slices slices, Ladder ladder = {}) : slices_{slices}, ladder_{ladder} {}

  [[nodiscard]] Next step(const Event& event);

 private:
  enum class Stage { opened, context, enrich, think, reason, finished };

  [[nodiscard]] Next enter(Stage stage, Elapsed left);
  [[nodiscard]] Next answered(const Answered& event);
  [[nodiscard]] Next ask(Elapsed left, bool may_look, bool repair);
  /// The time from now until `percent` of the budget is spent; zero when it is.
  [[nodiscard]] Elapsed until(int percent, Elapsed left) const;

  Slices slices_;
  Ladder ladder_;
  Stage stage_ = Stage::opened;
  bool partial_ = false;
  std::uint32_t asked_ = 0;
  std::uint32_t looked_ = 0;
  bool asked_with_look_ups_ = false;
  bool repaired_ = false;
  bool forced_ = false;
};

}  // namespace sallyport::investigate
