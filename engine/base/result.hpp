#pragma once

#include <expected>
#include <string>
#include <utility>

namespace sallyport {

/// What kind of failure happened. Callers branch on the code and on nothing else.
enum class Errc {
  invalid_input,  ///< The other side sent something we refuse to interpret.
  not_found,      ///< The named thing does not exist.
  conflict,       ///< The thing exists in a state that forbids the request.
  denied,         ///< Policy says no; retrying does not help.
  expired,        ///< The deadline passed first.
  cancelled,      ///< We asked for it to stop.
  unavailable,    ///< A dependency failed; retrying may help.
  corrupt,        ///< Stored data does not decode; a person must look.
};

/// A failure that the caller is expected to handle.
///
/// Bugs are not errors: a broken invariant throws std::logic_error and ends the task that broke it.
struct Error {
  Errc code{};
  std::string detail;  ///< One sentence for the log. Never parsed, never holds a secret.

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value or the Error that stood in its way.
///
/// std::expected that may not be ignored: dropping one does not compile, behind co_await either.
template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;

  friend bool operator==(const Result& a, const Result& b) {
    const std::expected<T, Error>& left = a;
    const std::expected<T, Error>& right = b;
    return left == right;
  }
};

/// The failing branch of a function that returns Result: `return fail(Errc::not_found, "no case
/// 7");`
[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string detail) {
  return std::unexpected{Error{.code = code, .detail = std::move(detail)}};
}

}  // namespace sallyport
