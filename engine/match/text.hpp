#pragma once

#include <string>
#include <string_view>

namespace sallyport::match {

/// Writes `text` in lower case to `out`, which has room for as many bytes: folding never changes
/// the length. ASCII, Latin, Greek, Cyrillic, Armenian and full-width letters fold one to one; all
/// else, ill-formed UTF-8 included, stays as it is.
void fold_into(char* out, std::string_view text) noexcept;

[[nodiscard]] std::string folded(std::string_view text);

/// Whether `needle` occurs in `text`. Linear in both.
[[nodiscard]] bool contains(std::string_view text, std::string_view needle) noexcept;

/// The candidate that is probably meant by `word`: at most two typing errors away. Empty: none.
template <class Candidates>
[[nodiscard]] std::string_view nearest(std::string_view word, const Candidates& candidates);

namespace detail {
[[nodiscard]] std::size_t typing_errors(std::string_view a, std::string_view b);
}  // namespace detail

template <class Candidates>
std::string_view nearest(std::string_view word, const Candidates& candidates) {
  std::string_view best;
  std::size_t least = 3;
  for (const auto& candidate : candidates) {
    const std::string_view name{candidate};
    if (name.size() > word.size() + 2 || word.size() > name.size() + 2) continue;
    const auto errors = detail::typing_errors(word, name);
    if (errors < least && errors < word.size()) {
      least = errors;
      best = name;
    }
  }
  return best;
}

}  // namespace sallyport::match
