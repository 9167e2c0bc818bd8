#include "engine/base/json.hpp"

#include "engine/base/spelling.hpp"

#include <fmt/compile.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

// Boost.JSON is used as a library; nothing of it is compiled here.
namespace sallyport {

namespace {

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "nothing";
    case json::kind::bool_:
      return "true or false";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "text";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "a map";
  }
  return "something else";
}

/// The top bits of those of eight bytes that JSON writes with a backslash; of the lowest for sure,
/// above it one may be set too many.
std::uint64_t escapes_in(std::uint64_t word) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101U;
  constexpr std::uint64_t tops = ones << 7U;
  // The top bit of the lowest byte that is 0 is set, and none below it.
  const auto zero_in = [&](std::uint64_t bytes) { return (bytes - ones) & ~bytes; };
  const auto control = (word - ones * 0x20U) & ~word;
  return (control | zero_in(word ^ (ones * '"')) | zero_in(word ^ (ones * '\\'))) & tops;
}

std::size_t lowest_of(std::uint64_t found) {
  return static_cast<std::size_t>(std::countr_zero(found)) / 8;
}

bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

/// Where the first byte of `text` stands that JSON writes with a backslash; the size of `text` when
/// there is none. Eight bytes at a time: most text has none.
std::size_t first_escape(std::string_view text) {
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= text.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof(word));
    if (const auto found = escapes_in(word); found != 0) return i + lowest_of(found);
  }
  while (i < text.size() && !needs_escape(text[i])) ++i;
  return i;
}

constexpr std::size_t longest_escape = 6;

/// How JSON writes a byte that needs_escape(). Eight bytes are stored, of which so many count.
struct Escape {
  std::array<char, 8> text{};
  std::size_t size = 0;
};

constexpr auto escapes = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<Escape, 256> all{};
  for (std::size_t c = 0; c < 0x20; ++c)
    all[c] = {{'\\', 'u', '0', '0', digits[c >> 4U], digits[c & 0xfU]}, longest_escape};
  constexpr std::string_view named = "\"\\\n\r\t\b\f";
  constexpr std::string_view names = "\"\\nrtbf";
  for (std::size_t i = 0; i < named.size(); ++i)
    all[static_cast<unsigned char>(named[i])] = {{'\\', names[i]}, 2};
  return all;
}();

/// Writes `text` as JSON does, without the quotes; returns the end. At `to` there is room for
/// longest_escape times as much and eight bytes more.
char* escape_into(char* to, std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (i + sizeof(std::uint64_t) <= text.size()) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + i, sizeof(word));
      std::memcpy(to, &word, sizeof(word));
      const auto found = escapes_in(word);
      const auto plain = found == 0 ? sizeof(word) : lowest_of(found);
      to += plain;
      i += plain;
      if (found == 0) continue;
    } else if (!needs_escape(text[i])) {
      *to++ = text[i++];
      continue;
    }
    const auto& escape = escapes[static_cast<unsigned char>(text[i++])];
    std::memcpy(to, escape.text.data(), escape.text.size());
    to += escape.size;
  }
  return to;
}

}  // namespace

namespace detail {

void append_quoted(std::string& out, std::string_view text) {
  const auto plain = first_escape(text);
  if (plain == text.size()) {  // nearly all
    const auto size = out.size();
    const auto grown = size + text.size() + 2;
    out.resize_and_overwrite(grown, [&](char* to, std::size_t) {
      to[size] = '"';
      *std::ranges::copy(text, to + size + 1).out = '"';
      return grown;
    });
    return;
  }
  out += '"';
  out.append(text, 0, plain);
  // JSON in JSON has an escape every few bytes: there is room for a piece of it, whatever it says.
  constexpr std::size_t piece = 256;
  for (auto i = plain; i < text.size(); i += piece) {
    const auto part = text.substr(i, piece);
    const auto size = out.size();
    out.resize_and_overwrite(size + part.size() * longest_escape + 8, [&](char* to, std::size_t) {
      return static_cast<std::size_t>(escape_into(to + size, part) - to);
    });
  }
  out += '"';
}

namespace {

void append_integer(std::string& out, std::integral auto number) {
  std::array<char, 20> digits{};  // of the least std::int64_t
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";  // JSON has no infinity
  } else if (number == std::trunc(number) && std::fabs(number) < 1e15) {
    append_integer(out, static_cast<std::int64_t>(number));
  } else {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), number);
  }
}

void append_signed(std::string& out, std::int64_t number) {
  append_integer(out, number);
}

void append_unsigned(std::string& out, std::uint64_t number) {
  append_integer(out, number);
}

void append_dom(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      break;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      break;
    case json::kind::int64:
      append_integer(out, value.get_int64());
      break;
    case json::kind::uint64:
      append_integer(out, value.get_uint64());
      break;
    case json::kind::double_:
      append_number(out, value.get_double());
      break;
    case json::kind::string:
      append_quoted(out, {value.get_string().data(), value.get_string().size()});
      break;
    case json::kind::array:
      append_dom(out, value.get_array());
      break;
    case json::kind::object:
      append_dom(out, value.get_object());
      break;
  }
}

void append_dom(std::string& out, const json::object& value) {
  out += '{';
  bool first = true;
  for (const auto& [key, item] : value) {
    if (!first) out += ',';
    first = false;
    append_quoted(out, {key.data(), key.size()});
    out += ':';
    append_dom(out, item);
  }
  out += '}';
}

void append_dom(std::string& out, const json::array& value) {
  out += '[';
  bool first = true;
  for (const auto& item : value) {
    if (!first) out += ',';
    first = false;
    append_dom(out, item);
  }
  out += ']';
}

void wrong_type(Faults& faults,
                std::string_view pointer,
                std::string_view expected,
                const json::value& found) {
  std::string shown;
  if (const auto* text = found.if_string()) {
    shown = fmt::format("'{:.60}'", std::string_view{text->data(), text->size()});
  } else if (found.is_number() || found.is_bool()) {
    shown = to_json(found);
  } else {
    shown = kind_of(found);
  }
  faults.push_back({.pointer = std::string{pointer},
                    .message = fmt::format("expected {}, found {}", expected, shown)});
}

void unknown_key(Faults& faults,
                 std::string_view pointer,
                 std::string_view key,
                 const std::vector<std::string_view>& known) {
  faults.push_back({.pointer = child(pointer, key),
                    .message = fmt::format("unknown key '{:.60}'{}", key, suggestion(key, known))});
}

}  // namespace detail

std::string summary(const Faults& faults) {
  std::string text;
  for (const auto& fault : faults) {
    if (!text.empty()) text += "; ";
    if (!fault.pointer.empty()) text += fault.pointer + ": ";
    text += fault.message;
  }
  return text;
}

}  // namespace sallyport
