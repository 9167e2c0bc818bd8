#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::match {

enum class Utf16 : std::uint8_t { little_endian, big_endian, with_byte_order_mark };

/// UTF-8 as UTF-16 bytes; with a byte order mark, little-endian. None: `text` is not UTF-8.
[[nodiscard]] std::optional<std::string> to_utf16(std::string_view text, Utf16 form);

[[nodiscard]] std::string to_base64(std::string_view bytes);

/// What of `bytes` in base64 is the same wherever they stand in a longer encoded text: one piece
/// for each of the three alignments, empty ones left out.
[[nodiscard]] std::vector<std::string> base64_at_offsets(std::string_view bytes);

}  // namespace sallyport::match
