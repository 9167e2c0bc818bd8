#include "engine/match/condition.hpp"

#include "engine/base/ascii.hpp"
#include "engine/match/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace sallyport::match {

namespace {

constexpr std::size_t max_condition_bytes = 64UL << 10U;
constexpr int max_nesting = 64;

bool is_name_character(char c) {
  return ascii::is_letter_or_digit(c) || c == '_' || c == '-' || c == '*' || c == '.' || c == '?' ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Recursive descent; nesting is bounded.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_{text} {}

  Result<Condition> parse() {
    if (text_.size() > max_condition_bytes)
      return fail(Errc::invalid_input,
                  fmt::format("a condition of at most {} bytes is expected", max_condition_bytes));
    next();
    if (token_.empty() && error_.empty()) error_ = "the condition is empty";
    auto condition = any();
    if (error_.empty() && !token_.empty()) unexpected("'and', 'or' or the end");
    if (!error_.empty()) return fail(Errc::invalid_input, error_);
    return condition;
  }

 private:
  Condition any() { return chain(Condition::Kind::any, "or", &Parser::all); }

  Condition all() { return chain(Condition::Kind::all, "and", &Parser::term); }

  Condition chain(Condition::Kind kind, std::string_view word, Condition (Parser::*part)()) {
    auto first = (this->*part)();
    if (!is(word)) return first;
    Condition result{.kind = kind, .parts = {}, .name = {}};
    result.parts.push_back(std::move(first));
    while (error_.empty() && is(word)) {
      next();
      result.parts.push_back((this->*part)());
    }
    return result;
  }

  Condition term() {
    if (!error_.empty()) return {};
    if (++nesting_ > max_nesting) {
      error_ = fmt::format("the condition nests deeper than {} levels", max_nesting);
      return {};
    }
    auto result = unnested_term();
    --nesting_;
    return result;
  }

  Condition unnested_term() {
    if (is("not")) {
      next();
      Condition result{.kind = Condition::Kind::negation, .parts = {}, .name = {}};
      result.parts.push_back(term());
      return result;
    }
    if (token_ == "(") {
      next();
      auto result = any();
      if (!error_.empty()) return {};
      if (token_ != ")") {
        unexpected("')'");
        return {};
      }
      next();
      return result;
    }
    if (token_.empty() || !is_name_character(token_[0]) || is("and") || is("or") || is("of")) {
      unexpected("a search identifier");
      return {};
    }
    const auto word = token_;
    next();
    if (is("of")) return quantified(word);
    if (word.find_first_of("*?") != std::string_view::npos)
      error_ = fmt::format("'{}' is a pattern: write '1 of {}' or 'all of {}'", word, word, word);
    return {.kind = Condition::Kind::name, .parts = {}, .name = std::string{word}};
  }

  Condition quantified(std::string_view quantity) {
    Condition result{.kind = Condition::Kind::quantified, .parts = {}, .name = {}};
    const auto* end = quantity.data() + quantity.size();
    if (same(quantity, "any")) {
      result.at_least = 1;
    } else if (!same(quantity, "all")) {
      const auto [last, ec] = std::from_chars(quantity.data(), end, result.at_least);
      if (ec != std::errc{} || last != end || result.at_least == 0) {
        error_ =
            fmt::format("expected '1 of', 'all of' or a number from 1 on, found '{} of'", quantity);
        return {};
      }
    }
    next();
    if (token_.empty() || !is_name_character(token_[0])) {
      unexpected("'them' or a pattern such as selection_*");
      return {};
    }
    result.name = token_;
    next();
    return result;
  }

  static bool same(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) {
      return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 0x20) : x) == y;
    });
  }

  [[nodiscard]] bool is(std::string_view word) const { return same(token_, word); }

  void next() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    begin_ = at_;
    if (at_ < text_.size()) ++at_;
    if (begin_ < text_.size() && is_name_character(text_[begin_]))
      while (at_ < text_.size() && is_name_character(text_[at_])) ++at_;
    token_ = text_.substr(begin_, at_ - begin_);
    if (token_ == "|" && error_.empty()) {
      error_ = fmt::format(
          "character {}: aggregations ('| count() ...') are not part of a detection since Sigma 2; "
          "a detection looks at one event",
          begin_ + 1);
    }
  }

  void unexpected(std::string_view wanted) {
    if (!error_.empty()) return;
    error_ = token_.empty()
                 ? fmt::format("character {}: expected {}, the condition ends", begin_ + 1, wanted)
                 : fmt::format("character {}: expected {}, found '{}'", begin_ + 1, wanted, token_);
  }

  std::string_view text_;
  std::string_view token_;
  std::size_t begin_ = 0;
  std::size_t at_ = 0;
  int nesting_ = 0;
  std::string error_;
};

}  // namespace

Result<Condition> parse_condition(std::string_view text) {
  return Parser{text}.parse();
}

bool selects(std::string_view pattern, std::string_view name) {
  if (name.starts_with('_') && !pattern.starts_with('_')) return false;
  if (pattern == "them") return true;
  const auto compiled = Pattern::from_glyphs(parse_wildcards(pattern), true);
  return compiled && compiled->matches(name);
}

}  // namespace sallyport::match
