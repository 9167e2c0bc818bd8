#pragma once

/// The room `gate`: policy in; a Permit, the queue or a refusal out.
///
/// gate.hpp       Gate: the one door; holds the policy of the moment and what has been used up
/// permit.hpp     Permit: the right to do one thing, which only the gate can make
/// policy.hpp     Policy: a policy file, compiled; decide(), the one pure function
/// whitelist.hpp  the entries of one verb, found without looking at all of them
/// usage.hpp      how often what is limited has run
/// lint.hpp       what is probably a mistake in a policy file
/// policy_diff.hpp     what changed from one policy to another
/// request_reader.hpp  requests as documents
/// inside: policy_reader, unquoted (numbers where text was meant), terms (a policy's parts,
/// compiled), request_record (the fields of a request), readings (what else a target's value may
/// be), contradictions (blocks that match nothing or everything), glob, network, rate, by_name
///
/// Promises: the same answer for the same request, policy, moment and usage, whoever asks; CRITICAL
/// and unknown verbs never run by themselves. Never: I/O, a clock of its own, a network, a model.
#include "engine/base/result.hpp"
#include "engine/base/time.hpp"
#include "engine/gate/permit.hpp"
#include "engine/gate/policy.hpp"
#include "engine/gate/usage.hpp"
#include "engine/model/action.hpp"
#include "engine/model/request.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

namespace sallyport::gate {

/// How long a permit may lie before it is spent.
struct PermitLifetimes {
  std::chrono::seconds automatic{60};
  std::chrono::seconds approved{900};  ///< Counted from the person's answer.
};

/// The one door. Whoever wants something done asks here: agent, playbook, person, API, rollback; at
/// proposal, at approval, and again at the moment of execution.
///
/// `connector` is the product that would run it, where that is known: a kill switch may name it.
/// Thread-safe. Policies are immutable snapshots: adopt() only exchanges a pointer, and once it has
/// returned nothing is decided by the policy before, also not by a call that began earlier. A
/// permit that was given before meets the new policy at recheck().
class Gate {
 public:
  explicit Gate(std::shared_ptr<const Policy> policy, PermitLifetimes lifetimes = {});

  /// From now on `policy` decides. What has been used up stays used up.
  void adopt(std::shared_ptr<const Policy> policy);

  [[nodiscard]] std::shared_ptr<const Policy> policy() const;

  /// Decides. A Permit takes its place in the limits at once, so two askers cannot both be the
  /// last.
  [[nodiscard]] Answer judge(model::ActionRequest request,
                             Time now,
                             std::string_view connector = {});

  /// What judge() would say, without a permit and without taking a place.
  [[nodiscard]] model::Decision preview(const model::ActionRequest& request,
                                        Time now,
                                        std::string_view connector = {}) const;

  /// Decides with a person's approval at hand: what would be queued is permitted, CRITICAL
  /// included; what is blocked stays blocked; an unknown verb stays queued. Takes no place in the
  /// limits, which count what runs without a person.
  ///
  /// An approval that was given at a higher tier than the one of now (Approval::tier) is one from
  /// before a drop: it must be given again.
  ///
  /// Errors: conflict (the approval is of another request, or was not given), denied (no person
  /// gave it), expired (given too long ago).
  [[nodiscard]] Result<Answer> judge_approved(model::ActionRequest request,
                                              const model::Approval& approval,
                                              Time now,
                                              std::string_view connector = {});

  /// The last question, at the moment of execution: the policy of now decides again, and the permit
  /// keeps its place in the limits.
  ///
  /// An automatic permit that would now be queued goes to the queue, blocked is blocked; one that
  /// lay too long is simply decided anew. A person's approval stands unless the policy blocks, or a
  /// lower tier or a freeze came after it: then, and when it lay too long, it must be given again,
  /// if the policy does not let it through by itself.
  [[nodiscard]] Answer recheck(Permit permit, Time now, std::string_view connector = {});

  /// Counts what ran before a restart, as the ledger tells it.
  void remember(const Use& use);

 private:
  /// What the policy of now says, and that policy.
  [[nodiscard]] std::pair<std::shared_ptr<const Policy>, Judgement> look(
      const model::ActionRequest& request, Time now, std::string_view connector) const;
  Answer answer(model::ActionRequest request,
                std::string hash,
                model::Decision decision,
                Place place,
                Time now) const;

  const PermitLifetimes lifetimes_;
  // Guards both below. Looking at a limit and taking a place in it is one step, and nothing is
  // decided by a policy that was replaced meanwhile. Held for microseconds: no text is made and no
  // policy is compiled or destroyed under it. (std::atomic<std::shared_ptr> of libstdc++ 12 is a
  // lock too, and one with a data race: its load() releases without ordering.)
  mutable std::mutex mutex_;
  std::shared_ptr<const Policy> policy_;
  Usage usage_;
};

}  // namespace sallyport::gate
