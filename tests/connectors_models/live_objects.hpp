#pragma once

#include <cstdint>

namespace sallyport::connectors::models::testing {

/// How many objects this process has made on the heap and not ended: coroutines, buffers and all.
[[nodiscard]] std::int64_t live_objects();

}  // namespace sallyport::connectors::models::testing
