#pragma once

#include "engine/base/result.hpp"
#include "engine/ingest/mapping.hpp"
#include "engine/ingest/normalizer.hpp"
#include "engine/model/alert.hpp"

#include <string_view>

namespace sallyport::ingest {

/// The alert that `mapping` makes of `scope` (the native alert without its envelope, then the
/// mapping's JSON fields). Errors: invalid_input when it has no title.
[[nodiscard]] Result<model::Alert> make_alert(const Mapping& mapping,
                                              Scope scope,
                                              std::string_view raw_bytes,
                                              const Arrival& arrival);

}  // namespace sallyport::ingest
