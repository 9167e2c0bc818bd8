#include "engine/http/date.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sallyport::http {

std::optional<Time> parse_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT")
    return std::nullopt;
  const auto month = std::ranges::find(months, text.substr(8, 3));
  if (month == months.end()) return std::nullopt;
  const auto iso = fmt::format("{}-{:02}-{}T{}Z",
                               text.substr(12, 4),
                               month - months.begin() + 1,
                               text.substr(5, 2),
                               text.substr(17, 8));
  const auto time = parse_rfc3339(iso);
  return time ? std::optional{*time} : std::nullopt;
}

}  // namespace sallyport::http
