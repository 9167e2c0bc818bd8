#pragma once

#include "engine/base/result.hpp"

#include <string>
#include <string_view>

namespace sallyport {

/// Text that must not be seen: a token, a password, a key.
///
/// It cannot be printed, formatted or turned into JSON; reveal() marks the few places that need the
/// bytes. Overwritten in memory when it dies.
class Secret {
 public:
  Secret() = default;

  explicit Secret(std::string text) : text_{std::move(text)} {}

  ~Secret();
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;

  [[nodiscard]] const std::string& reveal() const noexcept { return text_; }

  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  /// Compares in a time that does not tell where the texts differ.
  [[nodiscard]] bool equals(std::string_view text) const noexcept;

 private:
  std::string text_;
};

/// Follows a reference from a configuration file: `env:NAME` (environment), `file:/path` (first
/// line of a file), `credential:NAME` (a systemd credential). Text without such a prefix is
/// refused, so that no secret stands in a configuration file. Errors: invalid_input (no such form),
/// not_found (nothing there, or empty).
[[nodiscard]] Result<Secret> resolve_secret(std::string_view reference);

}  // namespace sallyport
