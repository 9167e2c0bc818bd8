#pragma once

#include "engine/base/time.hpp"
#include "engine/model/ledger_entry.hpp"

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::audit {

/// When the record of a verb sends it back to the queue.
struct DemotionRule {
  double agreement_floor = 0.8;   ///< Below it; 0: never.
  double rollback_ceiling = 0.2;  ///< Above it; 1: never.
  std::size_t window = 30;        ///< Of the last so many answers, and of the last so many runs.
  std::size_t min_samples = 5;    ///< Fewer show nothing.
  std::chrono::days age{30};      ///< What is older does not count.
};

/// What a verb lately did to one kind of target and what people said of it.
class TrackRecord {
 public:
  /// `keep`: how many are remembered of each.
  explicit TrackRecord(std::size_t keep) : keep_{keep} {}

  void answered(std::string action, bool approved, Time at);
  void ran(Time at);

  /// Also speaks against the approval of `action`, where one is remembered.
  void rolled_back(std::string_view action, Time at);

  /// A person said that what it was done for was nothing: as bad as a rollback, and one with it.
  void overturned(std::string_view action, Time at);

  struct Share {
    std::uint64_t of = 0;
    std::uint64_t all = 0;
  };

  /// Approved and not rolled back, of what was answered since `since`.
  [[nodiscard]] Share agreed(Time since) const;

  /// Rolled back, of what ran since `since`. While these ran so much was rolled back; whether it
  /// was one of these or an earlier one is not asked: people need longer to see it than a busy
  /// verb needs to run again.
  [[nodiscard]] Share undone(Time since) const;

 private:
  struct Answer {
    std::string action;
    Time at;
    bool agreed = false;
  };

  std::size_t keep_;
  std::deque<Answer> answers_;
  std::deque<Time> runs_;
  std::deque<Time> rollbacks_;
  std::deque<std::string> undone_;      ///< Actions that were rolled back,
  std::deque<std::string> overturned_;  ///< or overturned: neither counts a second time.
};

enum class Shortfall : std::uint8_t {
  agreement,  ///< Below the floor.
  rollbacks,  ///< Over the ceiling.
};

/// Why a verb goes back to the queue.
struct Demotion {
  Shortfall shortfall = Shortfall::agreement;
  std::uint64_t of = 0;  ///< Agreed, or rolled back.
  std::uint64_t all = 0;
  double bound = 0;

  [[nodiscard]] double share() const { return static_cast<double>(of) / static_cast<double>(all); }
};

BOOST_DESCRIBE_ENUM(Shortfall, agreement, rollbacks)

/// Whether the record sends its verb back to the queue. Pure. Nothing that it returns could give a
/// verb more than it has.
[[nodiscard]] std::optional<Demotion> demotion(const TrackRecord& record,
                                               const DemotionRule& rule,
                                               Time now);

/// What is counted apart.
struct TrackedClass {
  std::string tenant;
  std::string verb;
  std::string target_kind;

  friend auto operator<=>(const TrackedClass&, const TrackedClass&) = default;
};

/// `people agreed with 3 of the last 10 block_ip on ip (30 %); the floor is 80 %`
[[nodiscard]] std::string to_text(const Demotion& demotion, const TrackedClass& of);

/// Folds ledger entries, those of a tenant in order, into the records of all classes.
///
/// A class begins anew when its limit becomes 0 or ceases to be: with the demotion, and with its
/// undoing, which would otherwise be undone at once.
class TrackRecords {
 public:
  explicit TrackRecords(std::size_t keep) : keep_{keep} {}

  /// The kinds that are looked at; others change nothing.
  static constexpr std::array kinds{model::EntryKind::approved,
                                    model::EntryKind::denied,
                                    model::EntryKind::executed,
                                    model::EntryKind::rolled_back,
                                    model::EntryKind::judged,
                                    model::EntryKind::policy_changed};

  void add(const model::LedgerEntry& entry);

  [[nodiscard]] const std::map<TrackedClass, TrackRecord>& all() const noexcept { return records_; }

 private:
  void begin_anew(const model::LedgerEntry& policy_changed);
  /// A person said that there was nothing: what ran for it is overturned.
  void overturn(const model::LedgerEntry& judged);

  std::size_t keep_;
  std::map<TrackedClass, TrackRecord> records_;
};

}  // namespace sallyport::audit
