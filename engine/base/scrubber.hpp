#pragma once

#include "engine/base/json.hpp"
#include "engine/base/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

/// Takes secrets out of text that is kept: those that are known, and what has the shape of one (an
/// authorization header, a password beside its name, a private key, a signed token, the keys of
/// well-known services). What is taken out becomes `[secret]`.
///
/// The same text gives the same result, and a second pass changes nothing. A secret of another
/// shape that nobody named stays. Thread-safe: immutable.
class Scrubber {
 public:
  /// By shape alone.
  Scrubber() = default;

  /// Also `known`, wherever they stand; those shorter than shortest_known are no secrets.
  explicit Scrubber(std::vector<Secret> known);

  static constexpr std::size_t shortest_known = 6;
  static constexpr std::string_view mark = "[secret]";

  /// Returns whether anything was taken out.
  bool scrub(std::string& text) const;
  /// Every text in `value`; keys stay.
  bool scrub(json::value& value) const;
  bool scrub(json::object& object) const;

 private:
  std::vector<Secret> known_;
};

}  // namespace sallyport
