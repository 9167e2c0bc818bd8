#pragma once

#include "engine/base/json.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sallyport::model {

/// How much runs by itself (see the table of tiers in README.md).
enum class Tier : std::uint8_t {
  L0,
  L1,
  L2,
  L3,
  L4
};  // NOLINT(readability-identifier-naming): as documents spell it

/// How much an action can break; a fact of what its executor does. `UNKNOWN` for a verb that is not
/// in the catalogue: always a person's business.
enum class BlastRadius : std::uint8_t {
  MINIMAL,
  LOW,
  MEDIUM,
  HIGH,
  CRITICAL,
  UNKNOWN
};  // NOLINT(readability-identifier-naming)

enum class Ruling : std::uint8_t { auto_, queued, blocked };

/// Why, in the order in which they are tried; the first that applies decides.
enum class Reason : std::uint8_t {
  kill_switch,
  block_override,
  critical,
  unknown_action,
  protected_target,
  ungrounded_target,
  freeze,
  rate_limit,
  force_auto,
  whitelist,
  tier,
  no_whitelist_match,
};

/// The gate's answer, as it is logged, stored and served.
struct Decision {
  Ruling decision = Ruling::queued;
  Reason reason = Reason::unknown_action;
  std::optional<std::string> rule;  ///< The entry of the policy file that decided, where one did.
  Tier tier = Tier::L0;
  BlastRadius blast_radius = BlastRadius::UNKNOWN;
  std::string rationale;  ///< One sentence for a person.
  std::uint64_t policy_version = 0;
  std::string policy_hash;
  std::optional<std::string>
      notify;  ///< Whom to tell that it ran: of the whitelist entry that fired.
};

BOOST_DESCRIBE_ENUM(Tier, L0, L1, L2, L3, L4)
BOOST_DESCRIBE_ENUM(BlastRadius, MINIMAL, LOW, MEDIUM, HIGH, CRITICAL, UNKNOWN)
BOOST_DESCRIBE_ENUM(Ruling, auto_, queued, blocked)
BOOST_DESCRIBE_ENUM(Reason,
                    kill_switch,
                    block_override,
                    critical,
                    unknown_action,
                    protected_target,
                    ungrounded_target,
                    freeze,
                    rate_limit,
                    force_auto,
                    whitelist,
                    tier,
                    no_whitelist_match)
BOOST_DESCRIBE_STRUCT(
    Decision,
    (),
    (decision, reason, rule, tier, blast_radius, rationale, policy_version, policy_hash, notify))

}  // namespace sallyport::model
