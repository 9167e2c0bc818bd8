#pragma once

#include "engine/base/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::manifest {

/// The value at a dotted path: `state.aid`, `body.resources.0.id`. A list on the way stands for
/// each of its elements, unless the next part is a number. Several values become a list; none:
/// empty.
[[nodiscard]] std::optional<json::value> value_at(const json::value& root, std::string_view path);

/// Text with places `${{ path }}`, and nothing more: no expressions, no filters. Immutable.
class Template {
 public:
  struct Piece {
    std::string literal;
    std::string path;  ///< Empty: literal text.
  };

  /// Errors: invalid_input for a place that does not end or names nothing, and for the openings of
  /// other template languages (`${`, `{{`), which would be sent as they are.
  [[nodiscard]] static Result<Template> parse(std::string_view text);

  /// One place and nothing else: it stands for the value itself, whatever its type.
  [[nodiscard]] bool is_whole() const noexcept {
    return pieces_.size() == 1 && !pieces_.front().path.empty();
  }

  [[nodiscard]] const std::vector<Piece>& pieces() const noexcept { return pieces_; }

  /// Empty where one of its places has no value in `facts`. Errors: invalid_input where a place
  /// inside text holds a list, a map or null.
  [[nodiscard]] Result<std::optional<json::value>> value(const json::value& facts) const;

  /// The same as text: a whole one must be a scalar too.
  [[nodiscard]] Result<std::optional<std::string>> text(const json::value& facts) const;

 private:
  std::vector<Piece> pieces_;
};

/// A scalar as the text that a query or a form carries. Errors: invalid_input for anything else.
[[nodiscard]] Result<std::string> text_of_scalar(const json::value& value);

/// NAME, where the text is `${{ options.NAME }}` and no more; else empty.
[[nodiscard]] std::string option_named_by(std::string_view text);

}  // namespace sallyport::connectors::manifest
