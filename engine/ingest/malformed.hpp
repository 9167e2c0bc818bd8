#pragma once

#include "engine/ingest/decode.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sallyport::ingest {

/// What makes `bytes` something else than text of JSON before any parser looks: too large, empty,
/// UTF-16 or UTF-32, NUL bytes. Cheap: reads little more than the first bytes, except for NUL.
[[nodiscard]] std::optional<std::string> not_json_text(std::string_view bytes, DecodeLimits limits);

/// The first fault of `bytes` as JSON, with its byte offset; nothing when there is none. The slow
/// and exact second reader: it runs only on what the fast one refused. No recursion.
[[nodiscard]] std::optional<std::string> why_malformed(std::string_view bytes, DecodeLimits limits);

/// At most `limit` bytes of `text` for a message: one line, nothing unprintable, cut between
/// characters, with "..." when cut.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit);

}  // namespace sallyport::ingest
