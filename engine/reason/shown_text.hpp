#pragma once

#include "engine/base/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sallyport::reason {

/// `text` as a model may see it: valid UTF-8, control characters as spaces, without characters that
/// are not seen (zero width, direction marks, tags, variation selectors), and at most `limit` bytes
/// long, with a note of how much was left out.
[[nodiscard]] std::string shown_text(std::string_view text, std::size_t limit);

/// Bounds of a value that is shown.
struct ShownLimits {
  std::size_t text_bytes = 400;  ///< Of one text.
  std::size_t items = 24;        ///< Of one list or map.
  std::size_t depth = 6;
};

/// A JSON value whose every text (keys too) is shown_text(), and whose lists and maps say what was
/// left out of them.
[[nodiscard]] json::value shown_value(const json::value& value, const ShownLimits& limits);
/// The same in `memory`.
[[nodiscard]] json::value shown_value(const json::object& value,
                                      const ShownLimits& limits,
                                      json::storage_ptr memory);

}  // namespace sallyport::reason
