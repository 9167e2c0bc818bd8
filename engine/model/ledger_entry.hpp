#pragma once

#include "engine/base/json.hpp"
#include "engine/model/request.hpp"

#include <cstdint>
#include <string>

namespace sallyport::model {

/// What happened. Every arrow of an alert's and an action's life is one entry.
enum class EntryKind : std::uint8_t {
  received,    ///< An alert became durable.
  updated,     ///< An alert we have came again with other content.
  model_call,  ///< A model was asked in an investigation.
  verdict,     ///< An investigation concluded.
  decided,     ///< The gate answered (at proposal, at approval, at execution).
  approved,
  denied,
  expired,
  intended,  ///< Intent and rollback record.
  executing,
  executed,  ///< The product answered.
  verified,  ///< The state was read back.
  rolled_back,
  rollback_failed,
  released,
  policy_changed,
  checkpoint,
  notified,   ///< People were told something, or could not be.
  judged,     ///< A person said what an investigation was about.
  unlearned,  ///< A person took back what such judgements taught.
  held,       ///< Put into the queue because its connector does not answer.
  drifted,    ///< Somebody undid it on the product.
  restored,   ///< What had been undone there is in effect again.
  connector,  ///< Requests to a connector stopped because it does not answer, or go on again.
  reviewed,   ///< A person said that they have read the gate log of a window.
};

/// One line of the tenant's ledger, as it is stored and exported: JSON whose last member is `hash`,
/// the SHA-256 of all bytes before `,"hash":` followed by `}`.
struct LedgerEntry {
  std::uint64_t seq = 0;  ///< From 1, without gaps, per tenant.
  std::string tenant;
  Time at;
  EntryKind kind = EntryKind::received;
  std::string subject;  ///< The alert, investigation or action it is about.
  Actor actor;
  json::object body;
  std::string prev;  ///< `hash` of the entry before; of the first: `sha256:` and 64 zeros.
  std::string hash;
};

BOOST_DESCRIBE_ENUM(EntryKind,
                    received,
                    updated,
                    model_call,
                    verdict,
                    decided,
                    approved,
                    denied,
                    expired,
                    intended,
                    executing,
                    executed,
                    verified,
                    rolled_back,
                    rollback_failed,
                    released,
                    policy_changed,
                    checkpoint,
                    notified,
                    judged,
                    unlearned,
                    held,
                    drifted,
                    restored,
                    connector,
                    reviewed)
BOOST_DESCRIBE_STRUCT(LedgerEntry, (), (seq, tenant, at, kind, subject, actor, body, prev, hash))

}  // namespace sallyport::model
