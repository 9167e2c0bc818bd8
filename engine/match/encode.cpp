#include "engine/match/encode.hpp"

#include <array>

namespace sallyport::match {

std::optional<std::string> to_utf16(std::string_view text, Utf16 form) {
  std::string out;
  const auto unit = [&out, form](std::uint32_t value) {
    const auto high = static_cast<char>(value >> 8U);
    const auto low = static_cast<char>(value & 0xffU);
    out += form == Utf16::big_endian ? high : low;
    out += form == Utf16::big_endian ? low : high;
  };
  if (form == Utf16::with_byte_order_mark) unit(0xfeff);

  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || i + length > text.size())
      return std::nullopt;
    std::uint32_t point = length == 1 ? lead : lead & (0x7fU >> length);
    for (std::size_t j = 1; j < length; ++j) {
      const auto next = static_cast<unsigned char>(text[i + j]);
      if ((next & 0xc0U) != 0x80U) return std::nullopt;
      point = (point << 6U) | (next & 0x3fU);
    }
    if (point >= 0x10000) {
      unit(0xd800U + ((point - 0x10000U) >> 10U));
      unit(0xdc00U + ((point - 0x10000U) & 0x3ffU));
    } else {
      unit(point);
    }
    i += length;
  }
  return out;
}

std::string to_base64(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group =
          (group << 8U) | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      out += i + j > bytes.size() ? '=' : alphabet[(group >> (18 - 6 * j)) & 0x3fU];
  }
  return out;
}

std::vector<std::string> base64_at_offsets(std::string_view bytes) {
  // A character that also holds bits of what stands before or behind is not the same everywhere.
  constexpr std::array<std::size_t, 3> first_own{0, 2, 3};
  std::vector<std::string> pieces;
  for (std::size_t offset = 0; offset < 3; ++offset) {
    const auto encoded = to_base64(std::string(offset, ' ') + std::string{bytes});
    const auto whole = (offset + bytes.size()) * 8 / 6;  // characters that hold only our bits
    if (whole > first_own[offset])
      pieces.push_back(encoded.substr(first_own[offset], whole - first_own[offset]));
  }
  return pieces;
}

}  // namespace sallyport::match
