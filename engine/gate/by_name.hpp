#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sallyport::gate {

struct NameHash {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the name is the library's

  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

/// Things by name, asked for without making a std::string.
template <class T>
using ByName = std::unordered_map<std::string, T, NameHash, std::equal_to<>>;

}  // namespace sallyport::gate
