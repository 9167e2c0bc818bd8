#pragma once

#include "engine/app/ledger_mailbox.hpp"
#include "engine/app/policy_keeper.hpp"
#include "engine/approve/outbox.hpp"
#include "engine/audit/track_record.hpp"
#include "engine/config/settings.hpp"
#include "engine/gate/gate.hpp"
#include "engine/observe/log.hpp"
#include "engine/store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace sallyport::app {

/// The rule of the settings.
[[nodiscard]] audit::DemotionRule demotion_rule(const config::AutonomySettings& settings);

/// Takes verbs back to the queue whose record on a kind of target says so: a change of the policy
/// (a limit of 0 for that kind), made by the engine, with the reason, in the ledger, and told to
/// people. Undone by a person's change; the count begins anew then.
///
/// Promises: no more than one look after the entry that tips it; the count outlives restarts, for
/// it is made of the ledger. Never: gives a verb more than it has. Not thread-safe. What it is
/// given must outlive it.
class Autonomy {
 public:
  /// `mailbox` hears of TrackRecords::kinds since before load().
  Autonomy(store::Store& store,
           LedgerMailbox& mailbox,
           PolicyKeeper& policy,
           gate::Gate& gate,
           const approve::Outbox& outbox,
           const Clock& clock,
           audit::DemotionRule rule,
           observe::Log log);

  /// Counts what the ledger holds, found through its index. Errors: corrupt, unavailable.
  [[nodiscard]] Result<> load();

  /// Counts what came since and demotes what has to be. Returns how many verbs. A demotion that
  /// the policy file stands in the way of (somebody left it faulty) is tried again with each call.
  /// Errors: corrupt, unavailable.
  [[nodiscard]] Result<std::size_t> review();

 private:
  /// Returns whether anything is new.
  [[nodiscard]] Result<bool> hear();
  [[nodiscard]] Result<> demote(const audit::TrackedClass& of, const audit::Demotion& demotion);

  store::Store& store_;
  LedgerMailbox& mailbox_;
  PolicyKeeper& policy_;
  gate::Gate& gate_;
  const approve::Outbox& outbox_;
  const Clock& clock_;
  const audit::DemotionRule rule_;
  observe::Log log_;
  audit::TrackRecords records_;
  std::map<std::string, std::uint64_t> loaded_to_;  ///< Tenant -> the last entry that load() saw.
  std::uint64_t reviewed_version_ = 0;  ///< Of the policy, as everything was looked at last.
  std::string in_the_way_;              ///< Why a demotion failed, as it was logged.
};

}  // namespace sallyport::app
