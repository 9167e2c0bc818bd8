#pragma once

#include "engine/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::match {

/// What a `condition` says, as a tree.
struct Condition {
  enum class Kind : std::uint8_t { all, any, negation, name, quantified };

  Kind kind = Kind::name;
  std::vector<Condition> parts;  ///< Of all, any and negation.
  std::string name;              ///< Of name; of quantified: `them` or a name with wildcards.
  std::size_t at_least = 0;      ///< Of quantified: how many must hold; 0: all of them.
};

/// Reads Sigma's condition grammar: `and`, `or`, `not`, parentheses, `1 of` / `any of` / `all of` /
/// `N of` with `them`, a name or a pattern. Errors: invalid_input; the detail says what and at
/// which character.
[[nodiscard]] Result<Condition> parse_condition(std::string_view text);

/// Whether the quantifier's `pattern` means the search identifier `name`. Names that begin with an
/// underscore are meant only by a pattern that begins with one.
[[nodiscard]] bool selects(std::string_view pattern, std::string_view name);

}  // namespace sallyport::match
