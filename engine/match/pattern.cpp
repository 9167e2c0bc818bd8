#include "engine/match/pattern.hpp"

#include "engine/base/ascii.hpp"
#include "engine/match/text.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace sallyport::match {

namespace {

constexpr std::size_t max_text_bytes = 64UL << 10U;
constexpr std::int64_t max_regex_memory = 4LL << 20U;

/// What PCRE has and linear time does not allow, as it looks in an expression.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> beyond_linear{{
    {"(?=", "look-ahead"},
    {"(?!", "negative look-ahead"},
    {"(?<=", "look-behind"},
    {"(?<!", "negative look-behind"},
    {"(?>", "an atomic group"},
    {"(?(", "a conditional group"},
    {"(?<", "a group name in this spelling; write (?P<name>...)"},
}};

std::optional<std::string_view> unsupported_in(std::string_view expression) {
  bool in_class = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const auto rest = expression.substr(i);
    if (rest[0] == '\\') {
      if (!in_class && rest.size() > 1 && rest[1] >= '1' && rest[1] <= '9')
        return "a back-reference";
      ++i;
    } else if (in_class) {
      in_class = rest[0] != ']';
    } else if (rest[0] == '[') {
      in_class = true;
      if (rest.substr(1).starts_with(']') || rest.substr(1).starts_with("^]"))
        i += rest[1] == '^' ? 2 : 1;  // a bracket in first place is a literal
    } else if (rest.starts_with("++") || rest.starts_with("*+") || rest.starts_with("?+")) {
      return "a possessive quantifier";
    } else {
      for (const auto& [spelling, name] : beyond_linear)
        if (rest.starts_with(spelling)) return name;
    }
  }
  return std::nullopt;
}

Result<std::shared_ptr<const re2::RE2>> compile_regex(std::string_view expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(max_regex_memory);
  options.set_never_capture(true);
  auto regex = std::make_shared<const re2::RE2>(
      re2::StringPiece{expression.data(), expression.size()}, options);
  if (regex->ok()) return regex;
  if (const auto name = unsupported_in(expression)) {
    return fail(Errc::invalid_input,
                fmt::format("the regular expression uses {}, which is not supported (RE2 syntax, "
                            "linear time); rewrite it without",
                            *name));
  }
  return fail(Errc::invalid_input,
              fmt::format("the regular expression does not compile: {}; RE2 syntax is expected",
                          regex->error()));
}

bool is_word(char c) {
  return ascii::is_letter_or_digit(c) || c == '_';
}

std::size_t dash_length(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('/')) return 1;
  for (const std::string_view dash : {"\u2013", "\u2014", "\u2015"})
    if (text.starts_with(dash)) return dash.size();
  return 0;
}

}  // namespace

Glyphs parse_wildcards(std::string_view value) {
  Glyphs glyphs;
  const auto literal = [&glyphs](char c) {
    if (glyphs.empty() || glyphs.back().kind != Glyph::Kind::literal) glyphs.emplace_back();
    glyphs.back().text += c;
  };
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '*') {
      glyphs.push_back({.kind = Glyph::Kind::any_run, .text = {}});
    } else if (c == '?') {
      glyphs.push_back({.kind = Glyph::Kind::any_one, .text = {}});
    } else if (c == '\\' && i + 1 < value.size() &&
               std::string_view{"*?\\"}.find(value[i + 1]) != std::string_view::npos) {
      literal(value[++i]);
    } else {
      literal(c);
    }
  }
  return glyphs;
}

void loosen_dashes(Glyphs& glyphs) {
  Glyphs loosened;
  for (auto& glyph : glyphs) {
    if (glyph.kind != Glyph::Kind::literal) {
      loosened.push_back(std::move(glyph));
      continue;
    }
    const std::string_view text = glyph.text;
    std::string plain;
    const auto flush = [&] {
      if (!plain.empty()) loosened.push_back({.text = std::exchange(plain, {})});
    };
    for (std::size_t i = 0; i < text.size();) {
      const auto length = dash_length(text.substr(i));
      const bool begins_flag = length > 0 && (i == 0 || !is_word(text[i - 1])) &&
                               i + length < text.size() && is_word(text[i + length]);
      if (begins_flag) {
        flush();
        loosened.push_back({.kind = Glyph::Kind::dash, .text = {}});
      } else {
        plain.append(text, i, std::max<std::size_t>(length, 1));
      }
      i += std::max<std::size_t>(length, 1);
    }
    flush();
  }
  glyphs = std::move(loosened);
}

const std::string* literal_text(const Glyphs& glyphs) {
  static const std::string empty;
  if (glyphs.empty()) return &empty;
  if (glyphs.size() == 1 && glyphs[0].kind == Glyph::Kind::literal) return &glyphs[0].text;
  return nullptr;
}

Result<Pattern> Pattern::from_glyphs(const Glyphs& glyphs, bool cased) {
  std::size_t size = 0;
  bool needs_regex = false;
  for (const auto& glyph : glyphs) {
    size += glyph.text.size() + 1;
    needs_regex |= glyph.kind == Glyph::Kind::any_one || glyph.kind == Glyph::Kind::dash;
  }
  if (size > max_text_bytes) {
    return fail(Errc::invalid_input,
                fmt::format("a value of at most {} bytes is expected", max_text_bytes));
  }

  Pattern pattern;
  if (needs_regex) {
    std::string expression = "(?s)\\A";
    for (const auto& glyph : glyphs) {
      switch (glyph.kind) {
        case Glyph::Kind::literal:
          expression += re2::RE2::QuoteMeta(cased ? glyph.text : folded(glyph.text));
          break;
        case Glyph::Kind::any_run:
          expression += ".*";
          break;
        case Glyph::Kind::any_one:
          expression += '.';
          break;
        case Glyph::Kind::dash:
          expression += "[-/\u2013\u2014\u2015]";
          break;
      }
    }
    expression += "\\z";
    // A search that is not anchored is faster than one for anything, then the text.
    constexpr std::string_view open_front = "(?s)\\A.*";
    constexpr std::string_view open_back = ".*\\z";
    if (expression.starts_with(open_front) && expression.size() > open_front.size() + 4)
      expression.replace(0, open_front.size(), "(?s)");
    if (glyphs.back().kind == Glyph::Kind::any_run && expression.ends_with(open_back))
      expression.resize(expression.size() - open_back.size());
    auto regex = compile_regex(expression);
    if (!regex) return std::unexpected{std::move(regex.error())};
    pattern.kind_ = Kind::regex;
    pattern.regex_ = *std::move(regex);
    return pattern;
  }

  pattern.pieces_.emplace_back();
  for (const auto& glyph : glyphs) {
    if (glyph.kind == Glyph::Kind::literal) {
      pattern.pieces_.back() += cased ? glyph.text : folded(glyph.text);
    } else if (pattern.pieces_.size() == 1 || !pattern.pieces_.back().empty()) {
      pattern.pieces_.emplace_back();
    }
  }
  auto& pieces = pattern.pieces_;
  const auto only = [&pattern](Kind kind, std::string text) {
    pattern.kind_ = kind;
    pattern.text_ = std::move(text);
    pattern.pieces_.clear();
  };
  if (pieces.size() == 1) {
    only(Kind::exact, std::move(pieces[0]));
  } else if (pieces.size() == 2 && pieces[0].empty() && pieces[1].empty()) {
    only(Kind::anything, {});
  } else if (pieces.size() == 2 && pieces[1].empty()) {
    only(Kind::prefix, std::move(pieces[0]));
  } else if (pieces.size() == 2 && pieces[0].empty()) {
    only(Kind::suffix, std::move(pieces[1]));
  } else if (pieces.size() == 3 && pieces[0].empty() && pieces[2].empty()) {
    only(Kind::contains, std::move(pieces[1]));
  } else {
    pattern.kind_ = Kind::pieces;
  }
  return pattern;
}

Result<Pattern> Pattern::from_regex(std::string_view expression, std::string_view flags) {
  if (expression.size() > max_text_bytes) {
    return fail(Errc::invalid_input,
                fmt::format("an expression of at most {} bytes is expected", max_text_bytes));
  }
  if (const auto name = unsupported_in(expression); name && *name == "a possessive quantifier") {
    // RE2 would read `a++` as a nested repetition and match something else.
    return fail(Errc::invalid_input,
                fmt::format("the regular expression uses {}, which is not supported (RE2 syntax, "
                            "linear time); rewrite it without",
                            *name));
  }
  const auto with_flags =
      flags.empty() ? std::string{expression} : fmt::format("(?{}){}", flags, expression);
  auto regex = compile_regex(with_flags);
  if (!regex) return std::unexpected{std::move(regex.error())};
  Pattern pattern;
  pattern.kind_ = Kind::regex;
  pattern.regex_ = *std::move(regex);
  return pattern;
}

bool Pattern::matches(std::string_view text) const {
  switch (kind_) {
    case Kind::anything:
      return true;
    case Kind::exact:
      return text == text_;
    case Kind::prefix:
      return text.starts_with(text_);
    case Kind::suffix:
      return text.ends_with(text_);
    case Kind::contains:
      return contains(text, text_);
    case Kind::pieces:
      return matches_pieces(text);
    case Kind::regex:
      return re2::RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, *regex_);
  }
  return false;
}

bool Pattern::matches_pieces(std::string_view text) const {
  const auto& first = pieces_.front();
  const auto& last = pieces_.back();
  if (text.size() < first.size() + last.size() || !text.starts_with(first) || !text.ends_with(last))
    return false;
  text.remove_prefix(first.size());
  text.remove_suffix(last.size());
  for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
    if (text.size() < pieces_[i].size()) return false;
    const auto* found = static_cast<const char*>(
        memmem(text.data(), text.size(), pieces_[i].data(), pieces_[i].size()));
    if (found == nullptr) return false;
    text.remove_prefix(static_cast<std::size_t>(found - text.data()) + pieces_[i].size());
  }
  return true;
}

}  // namespace sallyport::match
