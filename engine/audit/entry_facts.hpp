#pragma once

#include "engine/model/ledger_entry.hpp"

#include <cstdint>
#include <string>

namespace sallyport::audit {

/// What an entry says of an action, wherever in its body it says so. Empty: it does not say.
struct EntryFacts {
  std::string action;  ///< The action's id; empty for a decision that nothing followed.
  std::string state;
  std::string verb;
  std::string target_kind;
  std::string target_value;
  std::string requested_by_kind;
  std::string requested_by;
  std::string decision;
  std::string reason;
  std::string rule;
  std::string tier;
  std::string blast_radius;
  std::uint64_t policy_version = 0;
  std::string policy_hash;
  std::string request_hash;
  std::string reverses;  ///< The action that this one undoes.
  std::string rationale;
  std::string detail;   ///< Of the step, or the comment of a person's answer.
  std::string changed;  ///< Of an approval with changes: from what to what, as JSON.
};

BOOST_DESCRIBE_STRUCT(EntryFacts,
                      (),
                      (action,
                       state,
                       verb,
                       target_kind,
                       target_value,
                       requested_by_kind,
                       requested_by,
                       decision,
                       reason,
                       rule,
                       tier,
                       blast_radius,
                       policy_version,
                       policy_hash,
                       request_hash,
                       reverses,
                       rationale,
                       detail,
                       changed))

[[nodiscard]] EntryFacts facts_of(const model::LedgerEntry& entry);

}  // namespace sallyport::audit
