#include "connectors/manifest/template.hpp"

#include <algorithm>
#include <charconv>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::string_view opening = "${{";
constexpr std::string_view closing = "}}";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool is_path(std::string_view text) {
  return !text.empty() && text.size() <= 200 && !text.starts_with('.') && !text.ends_with('.') &&
         !text.contains("..") && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view{"._-@#$"}.contains(c);
         });
}

std::optional<std::size_t> index_of(std::string_view part) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  return error == std::errc{} && end == part.data() + part.size() ? std::optional{index}
                                                                  : std::nullopt;
}

/// `crossed`: a list was passed, so that there may be more than one.
void collect(const json::value& value, std::string_view path, json::array& found, bool& crossed) {
  if (path.empty()) {
    found.push_back(value);
    return;
  }
  const auto dot = path.find('.');
  const auto part = path.substr(0, dot);
  const auto rest = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  if (const auto* object = value.if_object()) {
    if (const auto* whole = object->if_contains(path)) return collect(*whole, {}, found, crossed);
    if (const auto* next = object->if_contains(part)) collect(*next, rest, found, crossed);
  } else if (const auto* list = value.if_array()) {
    if (const auto index = index_of(part)) {
      if (*index < list->size()) collect((*list)[*index], rest, found, crossed);
      return;
    }
    crossed = true;
    for (const auto& item : *list) collect(item, path, found, crossed);
  }
}

}  // namespace

std::optional<json::value> value_at(const json::value& root, std::string_view path) {
  json::array found;
  bool crossed = false;
  collect(root, path, found, crossed);
  if (found.empty()) return std::nullopt;
  if (found.size() == 1) return std::move(found.front());
  return json::value(std::move(found));
}

Result<std::string> text_of_scalar(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string{text->data(), text->size()};
  if (value.is_bool() || value.is_number()) return to_json(value);
  return fail(Errc::invalid_input, "a list, a map or nothing where text is needed");
}

Result<Template> Template::parse(std::string_view text) {
  Template result;
  while (!text.empty()) {
    const auto begin = text.find(opening);
    const auto literal = text.substr(0, begin);
    if (literal.contains("${") || literal.contains("{{"))
      return fail(Errc::invalid_input, "write a place as ${{ path }}; no other template is known");
    if (!literal.empty()) result.pieces_.push_back({.literal = std::string{literal}, .path = {}});
    if (begin == std::string_view::npos) break;
    const auto end = text.find(closing, begin);
    if (end == std::string_view::npos)
      return fail(Errc::invalid_input, "a place `${{` without its `}}`");
    const auto from = begin + opening.size();
    const auto path = trimmed(text.substr(from, end - from));
    if (!is_path(path))
      return fail(Errc::invalid_input,
                  fmt::format("'{:.60}' is no path: a place holds names joined by dots, without "
                              "expressions or filters",
                              path));
    result.pieces_.push_back({.literal = {}, .path = std::string{path}});
    text.remove_prefix(end + closing.size());
  }
  return result;
}

Result<std::optional<json::value>> Template::value(const json::value& facts) const {
  if (is_whole()) return value_at(facts, pieces_.front().path);
  auto made = text(facts);
  if (!made) return std::unexpected{made.error()};
  if (!*made) return std::optional<json::value>{};
  return std::optional{json::value(**made)};
}

std::string option_named_by(std::string_view text) {
  constexpr std::string_view options = "options.";
  const auto place = Template::parse(text);
  if (!place || !place->is_whole()) return {};
  const std::string_view path{place->pieces().front().path};
  return path.starts_with(options) ? std::string{path.substr(options.size())} : std::string{};
}

Result<std::optional<std::string>> Template::text(const json::value& facts) const {
  std::string out;
  for (const auto& piece : pieces_) {
    if (piece.path.empty()) {
      out += piece.literal;
      continue;
    }
    const auto found = value_at(facts, piece.path);
    if (!found || found->is_null()) return std::optional<std::string>{};
    const auto made = text_of_scalar(*found);
    if (!made)
      return fail(made.error().code, fmt::format("{}: {}", piece.path, made.error().detail));
    out += *made;
  }
  return std::optional{std::move(out)};
}

}  // namespace sallyport::connectors::manifest
