#pragma once

#include "engine/gate/policy.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/model/ledger_entry.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The time machine: what was decided, decided again from its record.
namespace sallyport::app {

/// Where a replay finds what was recorded.
class Records {
 public:
  virtual ~Records() = default;

  [[nodiscard]] virtual Result<std::vector<std::string>> tenants() = 0;

  /// A tenant's entries of these kinds from `from` on and before `to`, by time. `visit` returns
  /// false to stop.
  virtual Result<> entries(const std::string& tenant,
                           const std::vector<model::EntryKind>& kinds,
                           std::optional<Time> from,
                           std::optional<Time> to,
                           const std::function<bool(const model::LedgerEntry&)>& visit) = 0;

  struct Version {
    json::value document;
    std::string hash;
  };

  /// Errors: not_found.
  [[nodiscard]] virtual Result<Version> policy(std::uint64_t version) = 0;
};

struct ReplayWindow {
  std::optional<Time> from;  ///< Inclusive.
  std::optional<Time> to;    ///< Exclusive.
  std::string tenant;        ///< Empty: all.
};

/// A decision that does not come out as it was recorded.
struct Difference {
  std::string tenant;
  std::uint64_t seq = 0;  ///< Of the ledger entry.
  Time at;
  std::string subject;
  model::Decision recorded;
  std::optional<model::Decision> replayed;  ///< Empty: the recorded version cannot be used.
  std::string why;
};

struct Verification {
  std::uint64_t decisions = 0;
  std::uint64_t different = 0;
  std::optional<Difference> first;
};

/// Decides every recorded request again under the version of the policy that decided it, at the
/// recorded time, after what was used up by then. Ruling, reason, rule, tier and blast radius have
/// to come out the same; the words of a rationale may differ between engines.
///
/// Decisions that several threads made within a second may have been counted in another order than
/// that of the record; either order is accepted.
///
/// Errors: those of `records`.
[[nodiscard]] Result<Verification> verify_decisions(Records& records,
                                                    const model::Catalogue& catalogue,
                                                    const ReplayWindow& window);

struct RulingCounts {
  std::uint64_t auto_ = 0;
  std::uint64_t queued = 0;
  std::uint64_t blocked = 0;
};

/// What another policy would have done with the requests for one verb on one kind of target.
struct ReplayRow {
  std::string tenant;
  std::string action;
  std::string target_kind;
  std::uint64_t requests = 0;
  RulingCounts recorded;
  RulingCounts replayed;
  std::uint64_t newly_auto = 0;
  std::uint64_t newly_queued = 0;
  std::uint64_t newly_blocked = 0;
  // Of the newly automatic ones: what people said of them.
  std::uint64_t judged = 0;           ///< Approved or denied.
  std::uint64_t would_be_right = 0;   ///< Approved, and not rolled back.
  std::optional<double> right_share;  ///< Empty: not measured, nobody judged one.
  /// Of those that ran by themselves and would not have: how many were rolled back.
  std::uint64_t mistakes_held_back = 0;
};

BOOST_DESCRIBE_STRUCT(Difference, (), (tenant, seq, at, subject, recorded, replayed, why))
BOOST_DESCRIBE_STRUCT(Verification, (), (decisions, different, first))
BOOST_DESCRIBE_STRUCT(RulingCounts, (), (auto_, queued, blocked))
BOOST_DESCRIBE_STRUCT(ReplayRow,
                      (),
                      (tenant,
                       action,
                       target_kind,
                       requests,
                       recorded,
                       replayed,
                       newly_auto,
                       newly_queued,
                       newly_blocked,
                       judged,
                       would_be_right,
                       right_share,
                       mistakes_held_back))

/// Decides every request of the window as it was first asked, in its order, under `policy`; what
/// that would have let through counts against its limits. Errors: those of `records`.
[[nodiscard]] Result<std::vector<ReplayRow>> replay_under(Records& records,
                                                          const gate::Policy& policy,
                                                          const ReplayWindow& window);

}  // namespace sallyport::app
