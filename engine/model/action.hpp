#pragma once

#include "engine/base/id.hpp"
#include "engine/model/decision.hpp"
#include "engine/model/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::model {

/// Where an action stands. act/life.hpp holds the only table of the ways between them.
enum class ActionState : std::uint8_t {
  queued,     ///< Waits for a person.
  blocked,    ///< Policy forbids it. An end.
  denied,     ///< A person said no. An end.
  expired,    ///< Nobody answered in time. An end.
  permitted,  ///< The gate let it through, by itself or after an approval; not yet intended.
  intended,   ///< Intent and rollback record are durable; nothing has been sent.
  executing,  ///< The request may have gone out.
  succeeded,  ///< The product said yes; the read-back has not confirmed it (or the product has
              ///< none).
  failed,     ///< It did not happen. An end.
  unknown,    ///< Sent, no clear answer: to be reconciled against the real system.
  verified,   ///< The state was read back and is what the action wanted.
  rolled_back,
  rollback_failed,  ///< Loud, and stays open.
  released,         ///< A timed action that ended by itself. An end.
};

enum class OutcomeStatus : std::uint8_t { succeeded, already_done, failed, unknown };

/// What the product answered.
struct Outcome {
  OutcomeStatus status = OutcomeStatus::unknown;
  std::string detail;
  json::object product;  ///< The product's own ids of what was made or changed.
};

/// What reading the state back showed.
struct Verification {
  std::optional<bool> in_effect;  ///< Empty: the product cannot say.
  json::object state;
  std::string detail;
  Time at;
};

/// How to restore what was there before. Durable before the request goes out.
struct RollbackRecord {
  std::string verb;  ///< Empty: nothing to undo (see `why`).
  Target target;
  json::object parameters;
  json::object pre_state;
  std::string connector;
  std::string why;  ///< Why there is nothing to undo, where that is so.
  Time recorded_at;
};

/// Somebody undid an action on the product, without us.
struct Drift {
  Time seen_at;  ///< First.
  std::string detail;
};

/// One action from proposal to its end.
struct Action {
  ActionId id;
  std::string tenant;
  std::string investigation;
  ActionRequest request;
  std::string request_hash;
  Decision decision;  ///< The latest.
  ActionState state = ActionState::queued;
  std::string connector;
  Time created_at;
  Time updated_at;
  std::vector<std::string>
      evidence;  ///< ids and hashes of what was read when it was proposed: `E1 sha256:...`
  std::optional<RollbackRecord> rollback;
  std::optional<Outcome> outcome;
  std::optional<Verification> verification;
  std::optional<Drift> drift;   ///< While it is not in effect though nobody undid it here.
  std::optional<Time> ends_at;  ///< When a timed action ends by itself.
  std::string reverses;         ///< The action that this one rolls back.
  std::string reversed_by;
  std::string detail;          ///< Why it stands where it stands, one sentence.
  std::uint64_t revision = 0;  ///< Counts every change: what compare-and-swap compares.
};

enum class ApprovalState : std::uint8_t { pending, approved, denied, expired };

/// A question to a person: may exactly this be done? Its id is the action's.
struct Approval {
  ApprovalId id;
  ActionId action;
  std::string tenant;
  std::string request_hash;  ///< What was shown; an approval of anything else is refused.
  ApprovalState state = ApprovalState::pending;
  Time created_at;
  Time expires_at;
  std::optional<Actor> decided_by;
  std::optional<Time> decided_at;
  /// Of one that was given: the tier that held then, freezes considered. A lower one ends it.
  std::optional<Tier> tier;
  std::string comment;
};

BOOST_DESCRIBE_ENUM(ActionState,
                    queued,
                    blocked,
                    denied,
                    expired,
                    permitted,
                    intended,
                    executing,
                    succeeded,
                    failed,
                    unknown,
                    verified,
                    rolled_back,
                    rollback_failed,
                    released)
BOOST_DESCRIBE_ENUM(OutcomeStatus, succeeded, already_done, failed, unknown)
BOOST_DESCRIBE_STRUCT(Outcome, (), (status, detail, product))
BOOST_DESCRIBE_STRUCT(Verification, (), (in_effect, state, detail, at))
BOOST_DESCRIBE_STRUCT(RollbackRecord,
                      (),
                      (verb, target, parameters, pre_state, connector, why, recorded_at))
BOOST_DESCRIBE_STRUCT(Drift, (), (seen_at, detail))
BOOST_DESCRIBE_STRUCT(Action,
                      (),
                      (id,
                       tenant,
                       investigation,
                       request,
                       request_hash,
                       decision,
                       state,
                       connector,
                       created_at,
                       updated_at,
                       evidence,
                       rollback,
                       outcome,
                       verification,
                       drift,
                       ends_at,
                       reverses,
                       reversed_by,
                       detail,
                       revision))
BOOST_DESCRIBE_ENUM(ApprovalState, pending, approved, denied, expired)
BOOST_DESCRIBE_STRUCT(Approval,
                      (),
                      (id,
                       action,
                       tenant,
                       request_hash,
                       state,
                       created_at,
                       expires_at,
                       decided_by,
                       decided_at,
                       tier,
                       comment))

}  // namespace sallyport::model
