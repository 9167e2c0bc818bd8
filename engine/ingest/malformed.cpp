#include "engine/ingest/malformed.hpp"

#include "engine/base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

namespace sallyport::ingest {

namespace {

constexpr std::string_view space = " \t\r\n";

/// Length of the UTF-8 character at the front of `text`; 0 when it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) {
    return i < text.size() && (byte(i) & 0xC0U) == 0x80U;
  };
  const auto lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return continues(1) ? 2 : 0;
  if (lead < 0xF0) {
    if (!continues(1) || !continues(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (lead > 0xF4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return 4;
}

/// Walks JSON once, without recursion, until the first fault.
class Inspection {
 public:
  Inspection(std::string_view text, std::size_t offset, std::size_t depth)
      : text_{text}, base_{offset}, depth_{depth} {}

  std::optional<std::string> run() {
    value_wanted();
    while (!fault_ && !done_) step();
    return fault_;
  }

 private:
  enum class Want : std::uint8_t { value, value_or_end, key, key_or_end, comma_or_end, nothing };

  void say(std::string what) { fault_ = fmt::format("{} at byte {}", what, base_ + at_); }

  void value_wanted() { want_ = Want::value; }

  void skip_space() {
    while (at_ < text_.size() && space.contains(text_[at_])) ++at_;
  }

  void truncated() {
    fault_ = fmt::format("truncated: the input ends at byte {} inside {}",
                         base_ + text_.size(),
                         stack_.empty()         ? "a value"
                         : stack_.back() == '{' ? "an object"
                                                : "an array");
  }

  void step() {
    skip_space();
    if (at_ == text_.size()) {
      if (want_ == Want::nothing) {
        done_ = true;
      } else {
        truncated();
      }
      return;
    }
    const char c = text_[at_];
    if (c == '/' && at_ + 1 < text_.size() && (text_[at_ + 1] == '/' || text_[at_ + 1] == '*'))
      return say("comment: JSON has none;");
    if (c == '#') return say("comment: JSON has none;");
    switch (want_) {
      case Want::nothing:
        return say("trailing bytes after the end of the JSON value,");
      case Want::key_or_end:
        if (c == '}') return close('{');
        [[fallthrough]];
      case Want::key:
        return key(c);
      case Want::comma_or_end:
        return comma_or_end(c);
      case Want::value_or_end:
        if (c == ']') return close('[');
        [[fallthrough]];
      case Want::value:
        return value(c);
    }
  }

  void key(char c) {
    if (c == '}') return say("broken JSON: trailing comma in an object,");
    if (c == '\'') return say("single quotes: JSON strings have double quotes;");
    if (c != '"') return say(fmt::format("broken JSON: expected a key, found {}", shown()));
    if (!string()) return;
    skip_space();
    if (at_ == text_.size()) return truncated();
    if (text_[at_] != ':')
      return say(fmt::format("broken JSON: expected ':' after a key, found {}", shown()));
    ++at_;
    value_wanted();
  }

  void comma_or_end(char c) {
    const bool object = stack_.back() == '{';
    if (c == ',') {
      ++at_;
      want_ = object ? Want::key : Want::value;
      after_comma_ = true;
      return;
    }
    if (c == '}' || c == ']') return close(c == '}' ? '{' : '[');
    say(fmt::format("broken JSON: expected ',' or '{}', found {}", object ? '}' : ']', shown()));
  }

  void close(char opening) {
    if (stack_.empty() || stack_.back() != opening)
      return say(fmt::format("broken JSON: '{}' closes nothing", text_[at_]));
    stack_.pop_back();
    ++at_;
    after_value();
  }

  void after_value() {
    after_comma_ = false;
    want_ = stack_.empty() ? Want::nothing : Want::comma_or_end;
  }

  void value(char c) {
    if (c == '{' || c == '[') {
      if (stack_.size() >= depth_)
        return say(fmt::format("too deep: more than {} levels,", depth_));
      stack_.push_back(c);
      ++at_;
      after_comma_ = false;
      want_ = c == '{' ? Want::key_or_end : Want::value_or_end;
      return;
    }
    if (c == '"') {
      if (string()) after_value();
      return;
    }
    if (c == '\'') return say("single quotes: JSON strings have double quotes;");
    if (c == ']' && after_comma_) return say("broken JSON: trailing comma in an array,");
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        if (at_ < text_.size() && !std::string_view{" \t\r\n,]}/#"}.contains(text_[at_]) &&
            !stack_.empty())
          return say(fmt::format("broken JSON: expected ',' or the end, found {}", shown()));
        return after_value();
      }
      if (at_ + word.size() > text_.size() && word.starts_with(text_.substr(at_)))
        return truncated();
    }
    for (const std::string_view word : {"NaN", "nan", "Infinity", "-Infinity", "-NaN", "inf"}) {
      if (text_.substr(at_).starts_with(word))
        return say(fmt::format("{}: JSON has no such number;", word));
    }
    if (c == '-' || ascii::is_digit(c)) return number();
    say(fmt::format("broken JSON: expected a value, found {}", shown()));
  }

  void number() {
    const auto start = at_;
    const auto digits = [&] {
      const auto from = at_;
      while (at_ < text_.size() && ascii::is_digit(text_[at_])) ++at_;
      return at_ - from;
    };
    const auto bad = [&](std::string_view what) {
      if (at_ == text_.size() && !stack_.empty()) return truncated();
      say(fmt::format("malformed number ({})", what));
    };
    bool whole = true;
    if (text_[at_] == '-') ++at_;
    const bool zero = at_ < text_.size() && text_[at_] == '0';
    const auto count = digits();
    if (count == 0) return bad("no digits");
    if (zero && count > 1) return bad("leading zero");
    if (at_ < text_.size() && text_[at_] == '.') {
      whole = false;
      ++at_;
      if (digits() == 0) return bad("no digits after the point");
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      whole = false;
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (digits() == 0) return bad("no digits in the exponent");
    }
    const auto text = text_.substr(start, at_ - start);
    if (!fits(text, whole)) {
      at_ = start;
      return say(fmt::format("number out of range: {} does not fit {};",
                             printable(text, 40),
                             whole ? "64 bits" : "a double"));
    }
    if (at_ < text_.size() && !std::string_view{" \t\r\n,]}/#"}.contains(text_[at_]))
      return say(fmt::format("malformed number, found {}", shown()));
    after_value();
  }

  static bool fits(std::string_view text, bool whole) {
    const auto* const last = text.data() + text.size();
    if (whole) {
      std::int64_t narrow = 0;
      if (std::from_chars(text.data(), last, narrow).ec == std::errc{}) return true;
      std::uint64_t wide = 0;
      return std::from_chars(text.data(), last, wide).ec == std::errc{} && text[0] != '-';
    }
    double real = 0;
    const auto parsed = std::from_chars(text.data(), last, real);
    if (parsed.ec == std::errc{}) return std::isfinite(real);
    // Too small is 0, as every reader has it; too large is not a number that can be kept.
    return text.find_first_of("eE") != std::string_view::npos &&
           text.find('-', 1) != std::string_view::npos;
  }

  std::optional<std::uint32_t> hex4(std::size_t at) const {
    if (at + 4 > text_.size()) return std::nullopt;
    std::uint32_t code = 0;
    const auto* const first = text_.data() + at;
    const auto parsed = std::from_chars(first, first + 4, code, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != first + 4) return std::nullopt;
    return code;
  }

  /// Past the string at the opening quote. False when it has a fault.
  bool string() {
    ++at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) {
        say(fmt::format("unescaped control character 0x{:02x} in a string", c));
        return false;
      }
      if (c != '\\') {
        ++at_;
      } else if (!escape()) {
        return false;
      }
    }
    fault_ =
        fmt::format("truncated: the input ends at byte {} inside a string", base_ + text_.size());
    return false;
  }

  bool escape() {
    if (at_ + 1 == text_.size()) {
      ++at_;
      return true;  // string() says that it is truncated
    }
    const char c = text_[at_ + 1];
    if (c != 'u') {
      if (!std::string_view{"\"\\/bfnrt"}.contains(c)) {
        say(fmt::format("broken JSON: '\\{}' is no escape", printable({&c, 1}, 8)));
        return false;
      }
      at_ += 2;
      return true;
    }
    const auto code = hex4(at_ + 2);
    if (!code) {
      if (text_.size() - at_ < 6) {
        at_ = text_.size();
        return true;
      }
      say("broken JSON: \\u wants four hexadecimal digits,");
      return false;
    }
    if (*code >= 0xDC00 && *code <= 0xDFFF) {
      say(fmt::format("lone surrogate \\u{:04x}", *code));
      return false;
    }
    if (*code >= 0xD800 && *code <= 0xDBFF) {
      const auto rest = text_.substr(at_ + 6, 6);
      if (rest.size() < 6 && std::string_view{"\\u"}.starts_with(rest.substr(0, 2)) &&
          rest.find('"') == std::string_view::npos) {
        at_ = text_.size();
        return true;
      }
      const auto low = rest.starts_with("\\u") ? hex4(at_ + 8) : std::nullopt;
      if (!low || *low < 0xDC00 || *low > 0xDFFF) {
        say(fmt::format("lone surrogate \\u{:04x}", *code));
        return false;
      }
      at_ += 6;
    }
    at_ += 6;
    return true;
  }

  std::string shown() const {
    return fmt::format("'{}'", printable(text_.substr(at_, utf8_length(text_.substr(at_))), 8));
  }

  std::string_view text_;
  std::size_t base_;
  std::size_t depth_;
  std::size_t at_ = 0;
  std::vector<char> stack_;
  Want want_ = Want::value;
  bool after_comma_ = false;
  bool done_ = false;
  std::optional<std::string> fault_;
};

std::optional<std::string> foreign_encoding(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv))
    return "UTF-32 (byte order mark): alerts are UTF-8";
  if (bytes.starts_with("\xFF\xFE"sv) || bytes.starts_with("\xFE\xFF"sv))
    return "UTF-16 (byte order mark): alerts are UTF-8";
  if (bytes.size() < 4) return std::nullopt;
  const auto zero = [&](std::size_t i) { return bytes[i] == '\0'; };
  if ((!zero(0) && zero(1) && zero(2) && zero(3)) || (zero(0) && zero(1) && zero(2) && !zero(3)))
    return "UTF-32 text: alerts are UTF-8";
  if ((!zero(0) && zero(1) && !zero(2) && zero(3)) || (zero(0) && !zero(1) && zero(2) && !zero(3)))
    return "UTF-16 text: alerts are UTF-8";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> not_json_text(std::string_view bytes, DecodeLimits limits) {
  if (bytes.empty()) return "empty";
  if (auto foreign = foreign_encoding(bytes)) return foreign;
  if (bytes.size() > limits.bytes)
    return fmt::format("too large: more than {} bytes", limits.bytes);
  if (const auto at = bytes.find('\0'); at != std::string_view::npos)
    return fmt::format("NUL byte at byte {}", at);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (bytes.find_first_not_of(space) == std::string_view::npos)
    return "only white space: there is no alert in it";
  return std::nullopt;
}

std::optional<std::string> why_malformed(std::string_view bytes, DecodeLimits limits) {
  if (auto reason = not_json_text(bytes, limits)) return reason;
  const std::size_t mark = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = utf8_length(bytes.substr(at));
    if (length == 0) {
      return fmt::format(
          "invalid UTF-8: 0x{:02x} at byte {}", static_cast<unsigned char>(bytes[at]), at);
    }
    at += length;
  }
  return Inspection{bytes.substr(mark), mark, limits.depth}.run();
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const auto lead = static_cast<unsigned char>(text.front());
    std::string piece;
    if (length == 0 || lead < 0x20 || lead == 0x7F) {
      piece = fmt::format("\\x{:02x}", lead);
    } else {
      piece = text.substr(0, length);
    }
    if (out.size() + piece.size() > limit) return out + "...";
    out += piece;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace sallyport::ingest
