#pragma once

#include "engine/base/json.hpp"

#include <optional>
#include <string_view>

namespace sallyport::ingest {

/// Alerts that are a line of text and no JSON, as an object that mappings can read:
///
/// - ArcSight CEF: `cef` {vendor, product, version, signature, name, severity, extension {..},
///   labelled {..}}; `labelled` has custom fields (cs1 with cs1Label, ...) under their labels;
/// - FortiGate's key=value: the keys as they are;
/// - PAN-OS's comma-separated THREAT, TRAFFIC, SYSTEM, CONFIG and GLOBALPROTECT logs: `panos`
/// {type,
///   subtype, ...}.
///
/// A syslog header (RFC 3164 or 5424) before it gives `syslog` {host}. Of a key that stands there
/// twice the first counts: what follows may be what an attacker wrote into the value before.
/// Nothing when it is none of these. `line` must be UTF-8. Bounded: at most most_log_fields.
[[nodiscard]] std::optional<json::object> read_log_line(std::string_view line);

inline constexpr std::size_t most_log_fields = 512;

}  // namespace sallyport::ingest
