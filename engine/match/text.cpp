#include "engine/match/text.hpp"

#include <cstring>

namespace sallyport::match {

namespace {

/// The lower case of a letter that UTF-8 writes in two bytes, when it too has two bytes.
char32_t lower_two_bytes(char32_t c) noexcept {
  if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 0x20;  // Latin-1
  if (c >= 0x100 && c <= 0x17e) {                            // Latin Extended-A: in pairs
    if (c == 0x130 || c == 0x131 || c == 0x138 || c == 0x149) return c;
    if (c == 0x178) return 0xff;
    const bool odd_is_upper = (c >= 0x139 && c <= 0x148) || c >= 0x179;
    return (c % 2 == 1) == odd_is_upper ? c + 1 : c;
  }
  if (c >= 0x391 && c <= 0x3a9 && c != 0x3a2) return c + 0x20;  // Greek
  if (c >= 0x410 && c <= 0x42f) return c + 0x20;                // Cyrillic
  if (c >= 0x400 && c <= 0x40f) return c + 0x50;
  if ((c >= 0x460 && c <= 0x480) || (c >= 0x48a && c <= 0x4be) || (c >= 0x4d0 && c <= 0x52e))
    return c % 2 == 0 ? c + 1 : c;
  if (c >= 0x531 && c <= 0x556) return c + 0x30;  // Armenian
  return c;
}

void fold_letters_beyond_ascii(char* text, std::size_t size) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i + 1 < size; ++i) {
    const auto lead = byte(i);
    if (lead >= 0xc3 && lead <= 0xd5 && (byte(i + 1) & 0xc0U) == 0x80U) {
      const auto lower = lower_two_bytes(((lead & 0x1fU) << 6U) | (byte(i + 1) & 0x3fU));
      text[i] = static_cast<char>(0xc0U | (lower >> 6U));
      text[i + 1] = static_cast<char>(0x80U | (lower & 0x3fU));
      ++i;
    } else if (lead == 0xef && i + 2 < size && byte(i + 1) == 0xbc && byte(i + 2) >= 0xa1 &&
               byte(i + 2) <= 0xba) {  // full-width A to Z, U+FF21 to U+FF3A
      const char32_t lower = 0xff00U + (byte(i + 2) & 0x3fU) + 0x20U;
      text[i + 1] = static_cast<char>(0x80U | ((lower >> 6U) & 0x3fU));
      text[i + 2] = static_cast<char>(0x80U | (lower & 0x3fU));
      i += 2;
    }
  }
}

}  // namespace

void fold_into(char* out, std::string_view text) noexcept {
  unsigned char seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    seen |= c;
    const auto upper = static_cast<unsigned char>(c - 'A') < 26;
    out[i] = static_cast<char>(c + (upper ? 0x20 : 0));
  }
  if ((seen & 0x80U) != 0) fold_letters_beyond_ascii(out, text.size());
}

std::string folded(std::string_view text) {
  std::string result(text.size(), '\0');
  fold_into(result.data(), text);
  return result;
}

bool contains(std::string_view text, std::string_view needle) noexcept {
  return needle.size() <= text.size() &&
         memmem(text.data(), text.size(), needle.data(), needle.size()) != nullptr;
}

}  // namespace sallyport::match
