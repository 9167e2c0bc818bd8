#pragma once

#include "engine/model/alert.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport::ingest {

// What OCSF calls the values of its enumerations.

[[nodiscard]] std::string_view severity_caption(model::Severity severity);

/// The severity of that name, case ignored; unknown for any other.
[[nodiscard]] model::Severity severity_of(std::string_view text);

struct StatusCaption {
  std::int64_t id;
  std::string_view caption;
};

/// new, in_progress, suppressed, resolved or archived.
[[nodiscard]] std::optional<StatusCaption> status_of(std::string_view text);

/// Of analytic.type_id, 0 to 6.
[[nodiscard]] std::string_view analytic_caption(std::int64_t type);

}  // namespace sallyport::ingest
