#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace sallyport::match {

/// One piece of a text value: literal text or a wildcard.
struct Glyph {
  enum class Kind : std::uint8_t { literal, any_run, any_one, dash };

  Kind kind = Kind::literal;
  std::string text;  ///< Of a literal.
};

using Glyphs = std::vector<Glyph>;

/// Reads Sigma's wildcards: `*`, `?`; a backslash takes the meaning from `*`, `?` and `\`, and is
/// itself before anything else.
[[nodiscard]] Glyphs parse_wildcards(std::string_view value);

/// Turns each dash or slash that begins a command-line flag into a wildcard for all of them
/// (`-`, `/`, en dash, em dash, horizontal bar): what `windash` asks for.
void loosen_dashes(Glyphs& glyphs);

/// The text of `glyphs` when no wildcard is in it.
[[nodiscard]] const std::string* literal_text(const Glyphs& glyphs);

/// What text is held against. Immutable; thread-safe; matches in linear time.
class Pattern {
 public:
  enum class Kind : std::uint8_t { anything, exact, prefix, suffix, contains, pieces, regex };

  /// Text of which the case counts only when `cased`; else it matches folded text. Errors:
  /// invalid_input (too long).
  [[nodiscard]] static Result<Pattern> from_glyphs(const Glyphs& glyphs, bool cased);

  /// A regular expression, searched for anywhere. `flags` out of "ims". Errors: invalid_input, the
  /// detail says what is wrong and what is not supported.
  [[nodiscard]] static Result<Pattern> from_regex(std::string_view expression,
                                                  std::string_view flags);

  [[nodiscard]] bool matches(std::string_view text) const;

  [[nodiscard]] Kind kind() const noexcept { return kind_; }

  /// What an exact, prefix, suffix or contains pattern holds the text against.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  [[nodiscard]] bool matches_pieces(std::string_view text) const;

  Kind kind_ = Kind::exact;
  std::string text_;
  std::vector<std::string> pieces_;  ///< Between the runs; the first and last are anchored.
  std::shared_ptr<const re2::RE2> regex_;
};

}  // namespace sallyport::match
