#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

/// The one of `known` that was probably meant by `written`: at most two letters were added, left
/// out, replaced or swapped with their neighbour, and fewer than half of them. Empty: none is near.
[[nodiscard]] std::optional<std::string_view> likely_meant(
    std::string_view written, const std::vector<std::string_view>& known);

/// What follows a complaint about a name that is none of `known`: `; did you mean 'x'?`, else
/// `; known are a, b, c` (or how many, where they are too many to name).
[[nodiscard]] std::string suggestion(std::string_view written,
                                     const std::vector<std::string_view>& known);

}  // namespace sallyport
