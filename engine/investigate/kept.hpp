#pragma once

#include "engine/base/result.hpp"
#include "engine/base/time.hpp"
#include "engine/model/verdict.hpp"
#include "engine/store/store.hpp"

#include <string>
#include <string_view>

namespace sallyport::investigate {

// Table::recordings: bytes by their hash, each with the hour in which it was last written, so that
// what many verdicts refer to stands there once and what no verdict refers to any more can go.

/// Adds to `batch` what was not written down in the hour of `now` yet.
void put_kept(store::Batch& batch, const model::Kept& kept, Time now);

/// The bytes behind a hash. Errors: not_found (never kept, or its time is over), corrupt,
/// unavailable.
[[nodiscard]] Result<std::string> find_kept(const store::Store& store, std::string_view hash);

/// Whether a value of the table was last written before the hour of `time`. One that is none of
/// ours stays. Thread-safe.
[[nodiscard]] bool kept_before(Time time, std::string_view value);

}  // namespace sallyport::investigate
