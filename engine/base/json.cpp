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

/// Where the first byte of `text` stands, from `from` on, that JSON writes with a backslash; the
/// size of `text` when there is none. Eight bytes at a time: most text has none.
std::size_t next_escape(std::string_view text, std::size_t from) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101U;
  constexpr std::uint64_t tops = ones << 7U;
  // The top bit of the lowest byte that is 0 is set, and none below it.
  const auto zero_in = [&](std::uint64_t word) { return (word - ones) & ~word; };
  auto i = from;
  for (; i + sizeof(std::uint64_t) <= text.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof(word));
    const auto control = (word - ones * 0x20U) & ~word;
    const auto found =
        (control | zero_in(word ^ (ones * '"')) | zero_in(word ^ (ones * '\\'))) & tops;
    if (found != 0) return i + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  for (; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == '"' || c == '\\') return i;
  }
  return i;
}

constexpr auto control_escapes = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<std::array<char, 6>, 0x20> all{};
  for (std::size_t c = 0; c < all.size(); ++c)
    all[c] = {'\\', 'u', '0', '0', digits[c >> 4U], digits[c & 0xfU]};
  return all;
}();

/// How JSON writes a byte that next_escape() finds.
std::string_view escape_of(char c) {
  switch (c) {
    case '"':
      return R"(\")";
    case '\\':
      return R"(\\)";
    case '\n':
      return R"(\n)";
    case '\r':
      return R"(\r)";
    case '\t':
      return R"(\t)";
    case '\b':
      return R"(\b)";
    case '\f':
      return R"(\f)";
    default: {
      const auto& text = control_escapes.at(static_cast<unsigned char>(c));
      return {text.data(), text.size()};
    }
  }
}

}  // namespace

namespace detail {

void append_quoted(std::string& out, std::string_view text) {
  auto i = next_escape(text, 0);
  if (i == text.size()) {  // nearly all
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
  std::size_t plain = 0;  // where the run of bytes that need no escape began
  for (; i < text.size(); i = next_escape(text, plain)) {
    // JSON in JSON has an escape every few bytes: each is one append together with what is before.
    const auto run = text.substr(plain, i - plain);
    const auto escape = escape_of(text[i]);
    const auto size = out.size();
    // Of our own: libstdc++ 12 may offer more room than was asked for.
    const auto grown = size + run.size() + escape.size();
    out.resize_and_overwrite(grown, [&](char* to, std::size_t) {
      std::ranges::copy(escape, std::ranges::copy(run, to + size).out);
      return grown;
    });
    plain = i + 1;
  }
  out.append(text, plain);
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
