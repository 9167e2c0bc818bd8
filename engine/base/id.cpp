#include "engine/base/id.hpp"

#include <algorithm>

namespace sallyport::detail {

bool is_id(std::string_view text) noexcept {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == ':';
  };
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, allowed);
}

}  // namespace sallyport::detail
