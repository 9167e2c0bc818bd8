#pragma once

#include <cstddef>
#include <string_view>

namespace sallyport {

/// At most `bytes` of UTF-8 text, cut between two characters.
[[nodiscard]] constexpr std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

}  // namespace sallyport
