#pragma once

#include "engine/base/time.hpp"
#include "engine/store/store.hpp"

#include <string_view>

namespace sallyport::graph {

/// Whether an entry of `entities` or `relations` is of a time before `before`, so that it may go. A
/// key that is none of theirs stays. Thread-safe.
[[nodiscard]] bool older_than(Time before, store::Table table, std::string_view key);

}  // namespace sallyport::graph
