#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

/// One thing that is wrong (or probably a mistake) in a document that a person wrote.
///
/// Whoever knows the file turns `pointer` into a line and a column (config::Document::render).
struct Fault {
  std::string pointer;   ///< JSON pointer (RFC 6901) to the place, "" for the document itself.
  std::string message;   ///< What is wrong and what to do. One sentence.
  bool warning = false;  ///< True: the document can be used, but look at it.

  friend bool operator==(const Fault&, const Fault&) = default;
};

using Faults = std::vector<Fault>;

/// True when at least one of `faults` is not a warning.
[[nodiscard]] bool has_errors(const Faults& faults);

/// `pointer` + '/' + `token` with '~' and '/' escaped.
[[nodiscard]] std::string child(std::string_view pointer, std::string_view token);
[[nodiscard]] std::string child(std::string_view pointer, std::size_t index);

}  // namespace sallyport
