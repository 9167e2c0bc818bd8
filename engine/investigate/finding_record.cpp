#include "engine/investigate/finding_record.hpp"

#include "engine/match/json_record.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <variant>

namespace sallyport::investigate {

namespace json = boost::json;

namespace {

struct Walk {
  const match::Record::Visitor& visitor;
  bool there = false;

  /// False: the visitor wants no more.
  bool into(const json::value& value, std::span<const std::string> rest) {
    if (rest.empty()) {
      there = true;
      return match::visit_scalars(value, visitor);
    }
    if (const auto* list = value.if_array()) {
      for (const auto& item : *list) {
        if (!into(item, rest)) return false;
      }
      return true;
    }
    const auto* object = value.if_object();
    const auto* found = object ? object->if_contains(rest.front()) : nullptr;
    return !found || into(*found, rest.subspan(1));
  }
};

/// The number of four hexadecimal digits; nothing when they are none.
std::optional<std::uint32_t> code_unit(std::string_view digits) {
  if (digits.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + 4, value, 16);
  if (ec != std::errc{} || end != digits.data() + 4) return std::nullopt;
  return value;
}

bool is_unseen(std::uint32_t c) {
  return c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

void append_character(std::string& out, std::uint32_t c) {
  if (is_unseen(c)) return;
  if (c < 0x20 || c == 0x7f) {
    out += ' ';
  } else if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0U | c >> 6U);
    out += static_cast<char>(0x80U | (c & 0x3fU));
  } else {
    out += static_cast<char>(0xe0U | c >> 12U);
    out += static_cast<char>(0x80U | (c >> 6U & 0x3fU));
    out += static_cast<char>(0x80U | (c & 0x3fU));
  }
}

/// The bytes of a character of up to three bytes that is not seen, at the start of `text`.
std::size_t unseen_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.size() >= 2 && byte(0) == 0xc2 && byte(1) == 0xad) return 2;
  if (text.size() < 3 || (byte(0) != 0xe2 && byte(0) != 0xef)) return 0;
  const auto c = (byte(0) & 0x0fU) << 12U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
  return is_unseen(c) ? 3 : 0;
}

/// Appends the escape at the start of `text` (a backslash and more); returns how long it was.
std::size_t append_escape(std::string& out, std::string_view text) {
  if (text.size() < 2) return text.size();
  if (text[1] == 'u') {
    const auto unit = code_unit(text.substr(2));
    if (!unit) return 2;
    // Halves of a pair stand for pictures and rare scripts: a gap will do.
    append_character(out, *unit >= 0xd800 && *unit < 0xe000 ? 0x20 : *unit);
    return 6;
  }
  constexpr std::string_view blanks = "bfnrt";
  out += blanks.contains(text[1]) ? ' ' : text[1];
  return 2;
}

}  // namespace

std::string readable_text(std::string_view json_text) {
  std::string out;
  out.reserve(json_text.size());
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '\\'; };
  for (;;) {
    // Nearly all text: taken as it is.
    const auto plain =
        static_cast<std::size_t>(std::ranges::find_if_not(json_text, is_plain) - json_text.begin());
    out += json_text.substr(0, plain);
    json_text.remove_prefix(plain);
    if (json_text.empty()) break;
    const auto lead = static_cast<unsigned char>(json_text.front());
    if (lead == '\\') {
      json_text.remove_prefix(append_escape(out, json_text));
      continue;
    }
    if (const auto unseen = lead < 0x80 ? 0 : unseen_bytes(json_text)) {
      json_text.remove_prefix(unseen);
      continue;
    }
    out += lead < 0x20 ? ' ' : json_text.front();
    json_text.remove_prefix(1);
  }
  return out;
}

bool FindingRecord::visit(const match::FieldPath& path, const Visitor& visitor) const {
  Walk walk{visitor};
  if (const auto* whole = finding_.if_contains(path.whole)) {
    walk.into(*whole, {});
    return true;
  }
  const std::span<const std::string> parts{path.parts};
  if (parts.size() < 2) return false;
  if (const auto* first = finding_.if_contains(parts.front())) walk.into(*first, parts.subspan(1));
  return walk.there;
}

void FindingRecord::visit_all(const Visitor& visitor) const {
  if (!text_) {
    const auto* raw = finding_.if_contains("raw_data");
    if (raw && raw->is_string()) {
      text_ = readable_text(raw->get_string());
    } else {
      std::string all;
      const auto collect = [&](const match::Scalar& scalar) {
        if (const auto* text = std::get_if<std::string_view>(&scalar)) {
          all += *text;
          all += '\n';
        }
        return true;
      };
      for (const auto& item : finding_) match::JsonRecord{item.value()}.visit_all(collect);
      text_ = readable_text(all);
    }
  }
  visitor(std::string_view{*text_});
}

}  // namespace sallyport::investigate
