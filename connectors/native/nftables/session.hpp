#pragma once

#include "engine/base/result.hpp"

#include <boost/json/value.hpp>

#include <string>

namespace sallyport::connectors::nftables {

/// Runs one JSON command of libnftables-json(5) in a network namespace; its commands are one
/// transaction. Returns what nftables printed, null when that was nothing. Blocks for the time the
/// kernel takes.
///
/// Errors: denied (not permitted), not_found (a table, set or element that is not there), conflict
/// (something is there already, or overlaps), unavailable. In every case nothing was changed.
[[nodiscard]] Result<boost::json::value> run(const std::string& network_namespace,
                                             const boost::json::value& command);

}  // namespace sallyport::connectors::nftables
