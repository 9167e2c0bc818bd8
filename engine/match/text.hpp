#pragma once

#include <string>
#include <string_view>

namespace sallyport::match {

/// Writes `text` in lower case to `out`, which has room for as many bytes: folding never changes
/// the length. ASCII, Latin, Greek, Cyrillic, Armenian and full-width letters fold one to one; all
/// else, ill-formed UTF-8 included, stays as it is.
void fold_into(char* out, std::string_view text) noexcept;

[[nodiscard]] std::string folded(std::string_view text);

/// Whether `needle` occurs in `text`. Linear in both.
[[nodiscard]] bool contains(std::string_view text, std::string_view needle) noexcept;

}  // namespace sallyport::match
