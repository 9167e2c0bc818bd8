#include "engine/reason/shown_text.hpp"

#include <algorithm>
#include <cstdint>

namespace sallyport::reason {

namespace {

constexpr const char* deeper = "(deeper values left out)";

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

/// The character at the start of `text` (RFC 3629: no overlong form, no surrogate).
Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return {.code = lead, .bytes = 1, .valid = true};
  const std::size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < n) return {};
  std::uint32_t code = lead & (0x7fU >> n);
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {};
    code = code << 6U | (byte(i) & 0x3fU);
  }
  const bool overlong = (n == 3 && code < 0x800) || (n == 4 && code < 0x10000);
  if (overlong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {.code = code, .bytes = n, .valid = true};
}

bool is_unseen(std::uint32_t c) {
  return c == 0xad || c == 0x34f || c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x17b4 ||
         c == 0x17b5 || (c >= 0x180b && c <= 0x180f) || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
         (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xffa0 ||
         (c >= 0xfff0 && c <= 0xfffb) || (c >= 0x1bca0 && c <= 0x1bca3) ||
         (c >= 0x1d173 && c <= 0x1d17a) || (c >= 0xe0000 && c <= 0xe0fff);
}

bool is_control(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

bool is_plain(char c) {
  return c >= 0x20 && c < 0x7f;
}

json::value shown(const json::value& value,
                  const ShownLimits& limits,
                  std::size_t depth,
                  const json::storage_ptr& memory);

json::value shown(const json::object& map,
                  const ShownLimits& limits,
                  std::size_t depth,
                  const json::storage_ptr& memory) {
  if (depth == 0) return json::value(deeper, memory);
  json::object result(memory);
  for (const auto& [key, item] : map) {
    if (result.size() == limits.items) {
      result["(left out)"] = map.size() - limits.items;
      break;
    }
    result[shown_text({key.data(), key.size()}, 80)] = shown(item, limits, depth - 1, memory);
  }
  return json::value(std::move(result));
}

json::value shown(const json::value& value,
                  const ShownLimits& limits,
                  std::size_t depth,
                  const json::storage_ptr& memory) {
  if (const auto* text = value.if_string())
    return json::value(shown_text({text->data(), text->size()}, limits.text_bytes), memory);
  if (const auto* list = value.if_array()) {
    if (depth == 0) return json::value(deeper, memory);
    json::array result(memory);
    for (const auto& item : *list) {
      if (result.size() == limits.items) {
        result.emplace_back(fmt::format("({} more left out)", list->size() - limits.items));
        break;
      }
      result.push_back(shown(item, limits, depth - 1, memory));
    }
    return json::value(std::move(result));
  }
  if (const auto* map = value.if_object()) return shown(*map, limits, depth, memory);
  return json::value(value, memory);
}

}  // namespace

std::string shown_text(std::string_view text, std::size_t limit) {
  std::string result;
  result.reserve(std::min(text.size(), limit));
  while (!text.empty()) {
    // Nearly all text: taken as it is, up to where there is no more room.
    const auto plain = std::find_if_not(text.begin(), text.end(), is_plain) - text.begin();
    const auto taken = std::min(static_cast<std::size_t>(plain), limit - result.size());
    result += text.substr(0, taken);
    text.remove_prefix(taken);
    if (text.empty()) break;
    const auto c = first_of(text);
    const auto piece = text.substr(0, c.bytes);
    const bool unseen = c.valid && is_unseen(c.code);
    if (!unseen && result.size() + c.bytes > limit) {
      result += fmt::format("... ({} bytes left out)", text.size());
      break;
    }
    text.remove_prefix(c.bytes);
    if (unseen) continue;
    if (!c.valid) {
      result += '?';
    } else if (is_control(c.code)) {
      result += ' ';
    } else {
      result += piece;
    }
  }
  return result;
}

json::value shown_value(const json::value& value, const ShownLimits& limits) {
  return shown(value, limits, limits.depth, {});
}

json::value shown_value(const json::object& value,
                        const ShownLimits& limits,
                        json::storage_ptr memory) {
  return shown(value, limits, limits.depth, memory);
}

}  // namespace sallyport::reason
