#pragma once

#include "engine/model/alert.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::ingest {

/// Whether `text` only fills a place: empty, "-", "N/A", "null", "(null)", "none", "unknown", ...
[[nodiscard]] bool is_placeholder(std::string_view text);

/// The canonical form of an entity: an address as its shortest text, domains, addresses of mail and
/// hashes in lower case. Nothing for placeholders, unspecified and loopback addresses, `localhost`,
/// hashes of zeros, and what is not of that kind at all. An address given as a host or domain is an
/// ip.
[[nodiscard]] std::optional<model::Entity> canonical_entity(std::string_view kind,
                                                            std::string_view text);

/// The kinds that canonical_entity knows.
[[nodiscard]] bool is_entity_kind(std::string_view kind);
[[nodiscard]] bool is_entity_role(std::string_view role);

/// Adds a mention unless it is there; what is named by the sensor as well as by text counts as
/// named by the sensor. Returns the mention when it is new. At most 64 are kept.
const model::Mention* add_mention(std::vector<model::Mention>& mentions, model::Mention mention);

}  // namespace sallyport::ingest
