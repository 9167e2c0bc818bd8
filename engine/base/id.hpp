#pragma once

#include "engine/base/result.hpp"

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace sallyport {

namespace detail {
/// True for 1 to 128 characters out of [A-Za-z0-9._:-].
[[nodiscard]] bool is_id(std::string_view text) noexcept;
}  // namespace detail

/// The name of one thing of kind `Tag`. An ActionId cannot be passed where an ApprovalId is wanted.
///
/// Empty when default-constructed (so that aggregates can hold one), else valid: parse() is the
/// only other way in. Ordered, hashable, usable as a map key.
template <class Tag>
class Id {
 public:
  Id() = default;

  /// Errors: invalid_input unless `text` is 1 to 128 characters out of [A-Za-z0-9._:-].
  [[nodiscard]] static Result<Id> parse(std::string_view text) {
    if (!detail::is_id(text)) return fail(Errc::invalid_input, "malformed id");
    return Id{std::string{text}};
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  explicit Id(std::string text) : text_{std::move(text)} {}

  std::string text_;
};

using InvestigationId = Id<struct InvestigationTag>;
using ActionId = Id<struct ActionTag>;
using ApprovalId = Id<struct ApprovalTag>;

}  // namespace sallyport

template <class Tag>
struct std::hash<sallyport::Id<Tag>> {
  std::size_t operator()(const sallyport::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.text());
  }
};
