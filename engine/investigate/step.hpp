#pragma once

#include <chrono>
#include <cstddef>
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

struct Reasoned {
  Elapsed left;
};

using Event = std::variant<Opened, ContextRead, Enriched, Reasoned>;

// What the driver has to do next, for at most `within`.
struct ReadContext {
  Elapsed within;
};

struct Enrich {
  Elapsed within;
};

struct Reason {
  Elapsed within;
};

struct Finish {
  bool partial = false;  ///< Time ran out on something.
};

using Next = std::variant<ReadContext, Enrich, Reason, Finish>;

/// The investigation without its I/O and without a clock: the driver performs each Next and reports
/// back an Event.
///
/// Deterministic, so a recorded run can be replayed. Always ends: every event leads at least one
/// stage on, an event of a stage that has passed leads nowhere back, and there are four stages.
/// A stage whose time is already over is still entered, with `within` zero: what needs no waiting
/// is done even then.
class Investigation {
 public:
  explicit Investigation(Slices slices) : slices_{slices} {}

  [[nodiscard]] Next step(const Event& event);

 private:
  enum class Stage { opened, context, enrich, reason, finished };

  [[nodiscard]] Next enter(Stage stage, Elapsed left);

  Slices slices_;
  Stage stage_ = Stage::opened;
  bool partial_ = false;
};

}  // namespace sallyport::investigate
