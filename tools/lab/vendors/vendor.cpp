#include "tools/lab/vendors/vendor.hpp"

#include <algorithm>
#include <charconv>
#include <ranges>

namespace sallyport::lab {

bool VendorRequest::is(std::string_view wanted,
                       std::initializer_list<std::string_view> segments) const {
  return method == wanted &&
         std::ranges::equal(path, segments, [](std::string_view have, std::string_view pattern) {
           return pattern == "*" || have == pattern;
         });
}

std::string VendorRequest::header(std::string_view name) const {
  const auto* value = http::find(headers, name);
  return value ? *value : std::string{};
}

std::string VendorRequest::parameter(std::string_view name) const {
  return std::string{http::value_of(query, name).value_or("")};
}

std::optional<json::value> VendorRequest::json() const {
  if (!header("Content-Type").starts_with("application/json")) return std::nullopt;
  auto parsed = parse_json(body);
  return parsed ? std::optional{*std::move(parsed)} : std::nullopt;
}

std::optional<http::Query> VendorRequest::form() const {
  if (header("Content-Type") != "application/x-www-form-urlencoded") return std::nullopt;
  auto parsed = http::parse_target("/?" + body);
  return parsed ? std::optional{std::move(parsed->query)} : std::nullopt;
}

http::Response json_answer(int status, const json::value& body) {
  return {
      .status = status, .headers = {{"Content-Type", "application/json"}}, .body = to_json(body)};
}

std::string between(std::string_view text, std::string_view from, std::string_view to) {
  const auto found = text.find(from);
  if (found == std::string_view::npos) return {};
  const auto begin = found + from.size();
  const auto end = to.empty() ? text.size() : text.find(to, begin);
  if (end == std::string_view::npos) return {};
  return std::string{text.substr(begin, end - begin)};
}

std::string text_in(const json::value& object, std::string_view key) {
  const auto* map = object.if_object();
  const auto* value = map ? map->if_contains(key) : nullptr;
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : std::string{};
}

const json::value* part_of(const json::value& root, std::string_view path) {
  const auto* place = &root;
  for (const auto part : std::views::split(path, '.')) {
    const std::string_view name{part.begin(), part.end()};
    if (const auto* object = place->if_object()) {
      place = object->if_contains(name);
    } else if (const auto* list = place->if_array()) {
      std::size_t n = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), n);
      place = error == std::errc{} && n < list->size() ? &(*list)[n] : nullptr;
    } else {
      place = nullptr;
    }
    if (!place) return nullptr;
  }
  return place;
}

std::string text_at(const json::value& root, std::string_view path) {
  const auto* value = part_of(root, path);
  if (!value || value->is_structured() || value->is_null()) return {};
  const auto* text = value->if_string();
  return text ? std::string{text->data(), text->size()} : to_json(*value);
}

std::string only_text_at(const json::value& root, std::string_view path) {
  const auto* value = part_of(root, path);
  const auto* list = value ? value->if_array() : nullptr;
  if (!list || list->size() != 1 || !list->front().is_string()) return {};
  return std::string{list->front().get_string()};
}

}  // namespace sallyport::lab
