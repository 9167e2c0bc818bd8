#pragma once

#include "engine/audit/policy_history.hpp"
#include "engine/base/json.hpp"
#include "engine/base/result.hpp"
#include "engine/store/store.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::audit {

/// The body of a ledger entry of kind `reviewed`: a person's word that they have read the gate log
/// of a window, and what stood in it.
struct GateLogReview {
  Time from;                    ///< Inclusive.
  Time to;                      ///< Exclusive.
  std::string note;             ///< What they found.
  std::uint64_t decisions = 0;  ///< That the window held.
  std::uint64_t seq = 0;        ///< The chain's head when they said so, and
  std::string head;             ///< its hash.
};

BOOST_DESCRIBE_STRUCT(GateLogReview, (), (from, to, note, decisions, seq, head))

inline constexpr std::string_view gate_log_subject = "gate-log";

/// How long what was decided may wait for a person to read it before it counts as unread.
inline constexpr std::chrono::days review_patience{30};

/// The review of `window` as it would be recorded. Reads the window's decisions.
/// Errors: invalid_input (no note or a long one, a window that is empty or not over at `now`),
/// not_found (a tenant without a ledger), unavailable, corrupt.
[[nodiscard]] Result<GateLogReview> review_of(
    const store::Store& store, std::string_view tenant, Window window, std::string note, Time now);

/// Why what was decided from `first` on does not count as reviewed, and the command that mends it;
/// empty: it does. It does when the windows that people reviewed begin at `first` or before, leave
/// no gap, reach to within review_patience of `now`, and cover at least half of the time since
/// `first`.
[[nodiscard]] std::string not_reviewed(std::string_view tenant,
                                       std::vector<Window> reviews,
                                       Time first,
                                       Time now);

}  // namespace sallyport::audit
