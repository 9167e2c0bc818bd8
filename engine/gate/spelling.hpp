#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace sallyport::gate {

/// The one of `known` that was probably meant by `written`: at most two letters differ, and less
/// than half of them. Empty: none is near.
[[nodiscard]] std::optional<std::string_view> likely_meant(
    std::string_view written, const std::vector<std::string_view>& known);

}  // namespace sallyport::gate
