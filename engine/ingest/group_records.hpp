#pragma once

#include "engine/base/result.hpp"
#include "engine/ingest/groups.hpp"
#include "engine/model/alert.hpp"
#include "engine/store/store.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::ingest {

// What the store keeps of groups, in Table::groups. Everything is written with the alert it is
// about, in one batch.
//
//   investigation 'n' number   -> the alert; with number 1, how others join
//   investigation 'v' version  -> the alert that led to this version of the verdict, unless it is
//                                 the first alert

/// Where Table::alerts keeps an alert.
[[nodiscard]] std::string alert_key(const model::Alert& alert);

void put_member(store::Batch& batch, const model::Alert& alert, const Placement& placement);

void put_version(store::Batch& batch,
                 const model::Alert& alert,
                 std::string_view investigation,
                 std::uint32_t version);

/// The alerts of an investigation.
struct Members {
  std::uint64_t count = 0;  ///< Of all; 0: nothing is recorded, it has the one of its verdict.
  std::vector<std::string> uids;  ///< The oldest, at most as many as were asked for.
};

/// Errors: corrupt, unavailable.
[[nodiscard]] Result<Members> members_of(const store::Store& store,
                                         std::string_view investigation,
                                         std::size_t list);

/// The alerts that led to the versions of a verdict, the oldest first; at most `most` of them.
/// Errors: corrupt, unavailable.
[[nodiscard]] Result<std::vector<model::Alert>> deciding_alerts(const store::Store& store,
                                                                std::string_view investigation,
                                                                std::size_t most);

/// Fills `groups` with what can still be joined at `now`. Errors: corrupt, unavailable.
[[nodiscard]] Result<> restore(const store::Store& store, Groups& groups, Time now);

}  // namespace sallyport::ingest
