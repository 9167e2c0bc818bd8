#include "engine/base/unambiguous_json.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sallyport {

namespace {

/// Past the string that begins at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at + 1;
}

/// The text that the quoted characters stand for: `a` and its escape are one key.
std::string unquoted(std::string_view quoted) {
  if (!quoted.contains('\\')) return std::string{quoted.substr(1, quoted.size() - 2)};
  const auto value = parse_json(quoted);
  const auto* string = value ? value->if_string() : nullptr;
  return string ? std::string{string->data(), string->size()} : std::string{quoted};
}

struct Repeated {
  std::string key;
  std::size_t at = 0;
};

/// The first key that its object has already. `text` is JSON.
std::optional<Repeated> repeated_key(std::string_view text) {
  // One set for each object or list that is open; of a list it stays empty.
  std::vector<std::set<std::string, std::less<>>> open;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '{' || c == '[') open.emplace_back();
    if (c == '}' || c == ']') open.pop_back();
    if (c != '"') {
      ++at;
      continue;
    }
    const auto begin = at;
    at = end_of_string(text, at);
    const auto next = text.find_first_not_of(" \t\r\n", at);
    if (next == std::string_view::npos || text[next] != ':') continue;
    auto key = unquoted(text.substr(begin, at - begin));
    if (!open.back().insert(key).second) return Repeated{.key = std::move(key), .at = begin};
  }
  return std::nullopt;
}

}  // namespace

Result<json::value> parse_unambiguous_json(std::string_view text) {
  auto value = parse_json(text);
  if (!value) return value;
  if (const auto repeated = repeated_key(text))
    return fail(Errc::invalid_input,
                fmt::format("the key '{:.60}' stands twice in one object (byte {}); keep one",
                            repeated->key,
                            repeated->at));
  return value;
}

}  // namespace sallyport
