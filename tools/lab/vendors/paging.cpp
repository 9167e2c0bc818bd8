#include "tools/lab/vendors/paging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>

namespace sallyport::lab {

namespace {

constexpr std::string_view cursor = "page-";
constexpr int most_of_its_own = 100;

std::optional<json::value> parsed(std::string_view text) {
  auto body = parse_json(text);
  return body ? std::optional{*std::move(body)} : std::nullopt;
}

/// What stands there in `root`, made where it is not.
json::value& place_in(json::value& root, std::string_view path) {
  auto* place = &root;
  if (path.empty()) return root;
  for (const auto part : std::views::split(path, '.')) {
    if (!place->is_object()) *place = json::object{};
    place = &place->get_object()[std::string_view{part.begin(), part.end()}];
  }
  return *place;
}

/// The number of the page that a cursor leads to; empty: it is none of ours.
std::optional<std::size_t> page_of(std::string_view text) {
  if (text.empty()) return 0;
  if (!text.starts_with(cursor)) return std::nullopt;
  text.remove_prefix(cursor.size());
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional{number} : std::nullopt;
}

}  // namespace

bool Pager::concerns(std::string_view method, std::string_view target) const {
  return method == "GET" && target.contains(paging_.path);
}

http::Response Pager::answer(Vendor& vendor, VendorRequest request) {
  const auto page = page_of(request.parameter(paging_.query));
  if (!page) return {.status = 400};
  // The vendor may cut pages of its own; all of them are cut anew.
  json::array all;
  std::string own;
  http::Response response;
  std::optional<json::value> body;
  for (int n = 0; n < most_of_its_own; ++n) {
    std::erase_if(request.query, [&](const auto& each) { return each.first == paging_.query; });
    if (!own.empty()) request.query.emplace_back(paging_.query, own);
    response = vendor.answer(request);
    body = parsed(response.body);
    if (response.status != 200 || !body) return response;
    auto& list = place_in(*body, paging_.items);
    if (!list.is_array()) return response;
    all.insert(all.end(), list.get_array().begin(), list.get_array().end());
    own = text_at(*body, paging_.next);
    if (own.empty()) break;
  }
  auto& list = place_in(*body, paging_.items);
  list = json::array{};
  if (*page >= 1 && *page <= all.size()) list.get_array().push_back(all[*page - 1]);
  const bool last = *page >= std::max<std::size_t>(all.size(), 1);
  asked_.push_back({.page = *page, .last = last});
  const auto next = last && paging_.course == Paging::Course::circle ? 1 : *page + 1;
  place_in(*body, paging_.next) = last && paging_.course == Paging::Course::ends
                                      ? std::string{}
                                      : fmt::format("{}{}", cursor, next);
  response.body = to_json(*body);
  return response;
}

}  // namespace sallyport::lab
