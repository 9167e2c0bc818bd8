#include "engine/gate/glob.hpp"

#include <cstddef>
#include <optional>

namespace sallyport::gate {

namespace {

constexpr auto nowhere = std::string_view::npos;

/// Where the set that opens at `open` ends (its `]`); a `]` that stands first is a member.
std::size_t end_of_set(std::string_view pattern, std::size_t open) {
  auto i = open + 1;
  if (i < pattern.size() && pattern[i] == '!') ++i;
  return pattern.find(']', i + 1);
}

bool in_set(std::string_view set, char c) {
  const bool negated = set.starts_with('!');
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      const auto byte = static_cast<unsigned char>(c);
      found = found || (static_cast<unsigned char>(set[i]) <= byte &&
                        byte <= static_cast<unsigned char>(set[i + 2]));
      i += 2;
    } else {
      found = found || set[i] == c;
    }
  }
  return found != negated;
}

/// What follows in the pattern when its element at `at` (not a `*`) takes `c`.
std::optional<std::size_t> take(std::string_view pattern, std::size_t at, char c) {
  if (pattern[at] == '?') return at + 1;
  if (pattern[at] == '[') {
    const auto end = end_of_set(pattern, at);
    if (end == nowhere || !in_set(pattern.substr(at + 1, end - at - 1), c)) return std::nullopt;
    return end + 1;
  }
  if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
  return pattern[at] == c ? std::optional{at + 1} : std::nullopt;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = nowhere;  // the last `*`, which takes one more character on failure
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
      continue;
    }
    const auto next = p < pattern.size() ? take(pattern, p, text[t]) : std::nullopt;
    if (next) {
      p = *next;
      ++t;
    } else if (star != nowhere) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_glob(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (++i == pattern.size()) return false;
    } else if (pattern[i] == '[') {
      i = end_of_set(pattern, i);
      if (i == nowhere) return false;
    }
  }
  return true;
}

std::string_view literal_prefix(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of("*?[\\"));
}

}  // namespace sallyport::gate
