#pragma once

#include "engine/audit/policy_history.hpp"
#include "engine/audit/statement.hpp"
#include "engine/audit/track_record.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/model/ledger_entry.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace sallyport::audit {

/// What has to be shown before a verb may run by itself.
struct ReadinessBar {
  std::uint64_t answers = 30;   ///< Approved or denied by people.
  double agreement_low = 0.90;  ///< The lower bound of the 95 % interval.
};

/// The record of one verb on one kind of target.
struct ActionRecord {
  std::uint64_t decisions = 0;  ///< Actions and recorded-only proposals, each once.
  std::uint64_t by_itself = 0;  ///< Of these decided `auto`.
  std::uint64_t queued = 0;
  std::uint64_t blocked = 0;
  std::uint64_t approved = 0;
  std::uint64_t changed = 0;  ///< Of these, not as they were proposed.
  std::uint64_t denied = 0;
  std::uint64_t expired = 0;
  std::uint64_t verified = 0;
  std::uint64_t rolled_back = 0;
  std::uint64_t overturned = 0;  ///< Of these, what no person had approved.
  std::uint64_t rollback_failed = 0;
  std::uint64_t approved_and_rolled_back = 0;  ///< Of what was approved unchanged.
  double lowest_confidence = 1;                ///< Of what people approved.
  std::optional<Time> first;                   ///< Of its decisions.
  std::vector<double> seconds_in_queue;        ///< Of what people answered.
};

/// The lower bound of the Wilson score interval at 95 %. `of` above 0.
[[nodiscard]] double wilson_low(std::uint64_t good, std::uint64_t of);

/// Where one tenant's verb stands on its way to run by itself. Without a value: not measured.
struct Readiness {
  std::string tenant;
  std::string verb;
  std::string target_kind;
  model::BlastRadius blast_radius = model::BlastRadius::UNKNOWN;
  std::uint64_t decisions = 0;
  std::uint64_t by_itself = 0;
  std::uint64_t queued = 0;
  std::uint64_t blocked = 0;
  std::uint64_t approved = 0;
  std::optional<std::uint64_t> changed;  ///< Of these.
  std::uint64_t denied = 0;
  std::uint64_t expired = 0;
  std::uint64_t verified = 0;
  std::uint64_t rolled_back = 0;
  std::optional<std::uint64_t> overturned;  ///< Ran by itself, and was rolled back.
  std::uint64_t rollback_failed = 0;
  std::optional<double> agreement;  ///< Approved unchanged and not rolled back, of all answers.
  std::optional<double> agreement_low;
  std::optional<double> queue_median_s;
  std::optional<double> queue_p90_s;
  std::vector<std::string> not_measured;
  bool ready = false;
  std::vector<std::string> missing;  ///< For the next step; empty when `ready`, or at the last.
  std::string promote_with;          ///< The policy's YAML that would let it run; where `ready`.
  Autonomy could = Autonomy::none;   ///< What the policy in force lets it do by itself,
  std::string why;                   ///< and because of what.
  /// Why it should go back to the queue; empty: it should not. A running engine sees to it.
  std::string demote;
};

BOOST_DESCRIBE_STRUCT(Readiness,
                      (),
                      (tenant,
                       verb,
                       target_kind,
                       blast_radius,
                       decisions,
                       by_itself,
                       queued,
                       blocked,
                       approved,
                       changed,
                       denied,
                       expired,
                       verified,
                       rolled_back,
                       overturned,
                       rollback_failed,
                       agreement,
                       agreement_low,
                       queue_median_s,
                       queue_p90_s,
                       not_measured,
                       ready,
                       missing,
                       promote_with,
                       could,
                       why,
                       demote))

/// Folds the ledger of one tenant, entry by entry in order, into records.
class ReadinessCount {
 public:
  void add(const model::LedgerEntry& entry);

  using Class = std::pair<std::string, std::string>;  ///< verb, kind of target

  [[nodiscard]] const std::map<Class, ActionRecord>& records() const noexcept { return records_; }

  /// The windows of the gate log that people have read.
  [[nodiscard]] const std::vector<Window>& reviews() const noexcept { return reviews_; }

 private:
  struct Known {
    Class of;
    std::optional<Time> queued_at;
    double confidence = 0;
    bool approved = false;
    bool changed = false;
  };

  std::map<std::string, Known> actions_;
  std::map<Class, ActionRecord> records_;
  std::vector<Window> reviews_;
};

/// Judges one record. `people_owe`: what people have yet to do whatever the record says, such as
/// reading the gate log. Pure. Promotion stays a person's act: this only says what it would take.
[[nodiscard]] Readiness assess(std::string_view tenant,
                               const ReadinessCount::Class& of,
                               const ActionRecord& record,
                               const model::Catalogue& catalogue,
                               std::vector<std::string> people_owe,
                               const ReadinessBar& bar = {});

/// All classes of the tenants that have a record. A running engine's demotions clear what they are
/// made of. Errors: corrupt, unavailable.
[[nodiscard]] Result<std::vector<Readiness>> readiness(const store::Store& store,
                                                       const PolicyHistory& history,
                                                       const model::Catalogue& catalogue,
                                                       const std::vector<std::string>& tenants,
                                                       const DemotionRule& rule,
                                                       Time now);

}  // namespace sallyport::audit
