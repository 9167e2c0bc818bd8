#pragma once

#include <string_view>

namespace sallyport::gate {

/// Whether `text` is what a shell pattern describes: `*` any text, `?` one character, `[a-z]` and
/// `[!a-z]` one of or none of a set, `\` takes the next character as it is. Case-sensitive, bytes.
/// Time is bounded by the product of both lengths.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

/// False: a set is not closed, or the pattern ends in `\`.
[[nodiscard]] bool is_glob(std::string_view pattern);

/// The text before the first special character: what every match begins with.
[[nodiscard]] std::string_view literal_prefix(std::string_view pattern);

}  // namespace sallyport::gate
