#include "engine/match/number.hpp"

#include "engine/base/ascii.hpp"
#include "engine/base/time.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>

namespace sallyport::match {

namespace {

template <class Whole>
std::partial_ordering compare_whole(Whole whole, double real) noexcept {
  if (std::isnan(real)) return std::partial_ordering::unordered;
  // Outside the range of the type, the sign decides. Both bounds are exact as doubles.
  constexpr double beyond = std::same_as<Whole, std::int64_t> ? 0x1p63 : 0x1p64;
  constexpr double lowest = std::same_as<Whole, std::int64_t> ? -0x1p63 : 0.0;
  if (real >= beyond) return std::partial_ordering::less;
  if (real < lowest) return std::partial_ordering::greater;
  const double floor = std::floor(real);
  const auto truncated = static_cast<Whole>(floor);
  if (whole != truncated) return whole <=> truncated;
  return real > floor ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

struct Ordering {
  template <class A, class B>
  std::partial_ordering operator()(A a, B b) const noexcept {
    if constexpr (std::same_as<A, double> && std::same_as<B, double>) {
      return a <=> b;
    } else if constexpr (std::same_as<B, double>) {
      return compare_whole(a, b);
    } else if constexpr (std::same_as<A, double>) {
      return 0 <=> compare_whole(b, a);
    } else {
      if (std::cmp_less(a, b)) return std::partial_ordering::less;
      return std::cmp_equal(a, b) ? std::partial_ordering::equivalent
                                  : std::partial_ordering::greater;
    }
  }
};

std::optional<Time> time_of(const Scalar& scalar) {
  if (const auto* text = std::get_if<std::string_view>(&scalar)) {
    if (text->size() > 64) return std::nullopt;
    if (auto time = parse_rfc3339(*text)) return *time;
    if (auto time = parse_rfc3339(std::string{*text} + 'Z')) return *time;
  }
  const auto number = number_of(scalar);
  if (!number) return std::nullopt;
  const auto value = std::visit([](auto n) { return static_cast<double>(n); }, *number);
  const auto size = std::fabs(value);
  if (!(size < 1e17)) return std::nullopt;
  const double unit = size < 1e11 ? 1e6 : size < 1e14 ? 1e3 : 1.0;
  return Time{std::chrono::microseconds{static_cast<std::int64_t>(value * unit)}};
}

std::int64_t iso_week(std::chrono::sys_days date) {
  using namespace std::chrono;
  // The week belongs to the year that holds its Thursday.
  const auto thursday = date + days{4} - days{weekday{date}.iso_encoding()};
  const auto first_of_year = sys_days{year_month_day{thursday}.year() / January / 1};
  return (thursday - first_of_year).count() / 7 + 1;
}

}  // namespace

std::partial_ordering compare(const Number& a, const Number& b) noexcept {
  return std::visit(Ordering{}, a, b);
}

std::optional<Number> parse_number(std::string_view text) noexcept {
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || !ascii::is_digit(digits[0])) return std::nullopt;
  if (digits.size() > 1 && digits[0] == '0' && ascii::is_digit(digits[1])) return std::nullopt;
  const auto* end = text.data() + text.size();
  const auto read = [&](auto number) -> std::optional<Number> {
    const auto [last, ec] = std::from_chars(text.data(), end, number);
    if (ec != std::errc{} || last != end) return std::nullopt;
    return number;
  };
  if (auto number = read(std::int64_t{})) return number;
  if (auto number = read(std::uint64_t{})) return number;
  return text.ends_with('.') ? std::nullopt : read(double{});
}

std::optional<Number> number_of(const Scalar& scalar) noexcept {
  if (const auto* value = std::get_if<std::int64_t>(&scalar)) return *value;
  if (const auto* value = std::get_if<std::uint64_t>(&scalar)) return *value;
  if (const auto* value = std::get_if<double>(&scalar)) return *value;
  if (const auto* text = std::get_if<std::string_view>(&scalar)) return parse_number(*text);
  return std::nullopt;
}

std::optional<std::int64_t> time_part(const Scalar& scalar, TimePart part) {
  using namespace std::chrono;
  const auto time = time_of(scalar);
  if (!time) return std::nullopt;
  const auto date = floor<days>(*time);
  const year_month_day calendar{date};
  const hh_mm_ss clock{*time - date};
  switch (part) {
    case TimePart::minute:
      return clock.minutes().count();
    case TimePart::hour:
      return clock.hours().count();
    case TimePart::day:
      return unsigned{calendar.day()};
    case TimePart::week:
      return iso_week(date);
    case TimePart::month:
      return unsigned{calendar.month()};
    case TimePart::year:
      return int{calendar.year()};
  }
  return std::nullopt;
}

}  // namespace sallyport::match
