#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::match {

/// Many regular expressions (as of `|re`: RE2, unanchored) looked for in one pass over a text,
/// which costs about as much as one of them. Thread-safe: immutable; copies share it.
class PatternSet {
 public:
  /// Nothing where one does not compile, or all together are too large.
  [[nodiscard]] static std::optional<PatternSet> compile(const std::vector<std::string>& patterns);

  /// For each pattern whether it is in `text`; nothing where that takes more memory than is
  /// allowed: then ask them one by one.
  [[nodiscard]] std::optional<std::vector<bool>> in(std::string_view text) const;

 private:
  struct Impl;
  explicit PatternSet(std::shared_ptr<const Impl> impl);

  std::shared_ptr<const Impl> impl_;
};

}  // namespace sallyport::match
