#include "engine/base/time.hpp"

#include "engine/base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace sallyport {

namespace {

/// `n` digits at the front of `text`, taken off it.
std::optional<int> take_digits(std::string_view& text, std::size_t n) {
  int value = 0;
  if (text.size() < n) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + n, value);
  if (error != std::errc{} || end != text.data() + n || text.front() == '-') return std::nullopt;
  text.remove_prefix(n);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::unexpected<Error> not_a_time(std::string_view text) {
  return fail(Errc::invalid_input,
              fmt::format("not an RFC 3339 time: '{:.40}' (write 2026-11-01T10:00:00Z)", text));
}

}  // namespace

std::string to_rfc3339(Time time) {
  std::string text;
  append_rfc3339(text, time);
  return text;
}

void append_rfc3339(std::string& out, Time time) {
  using namespace std::chrono;
  constexpr Time first{sys_days{year{0} / January / 1}};
  constexpr Time last{sys_days{year{10000} / January / 1} - microseconds{1}};
  // RFC 3339 has no other years: what lies outside becomes the nearest that it can write.
  time = std::clamp(time, first, last);
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  const auto fraction = clock.subseconds().count();
  const auto from = out.size();
  out += fraction == 0 ? "0000-00-00T00:00:00Z" : "0000-00-00T00:00:00.000000Z";
  // Every record holds several times: no format string is read for them.
  const auto put = [&](std::size_t end, std::int64_t number) {
    for (auto at = from + end; number > 0; number /= 10)
      out[at--] = static_cast<char>('0' + number % 10);
  };
  put(3, static_cast<int>(date.year()));
  put(6, static_cast<unsigned>(date.month()));
  put(9, static_cast<unsigned>(date.day()));
  put(12, clock.hours().count());
  put(15, clock.minutes().count());
  put(18, clock.seconds().count());
  if (fraction != 0) put(25, fraction);
}

Result<Time> parse_rfc3339(std::string_view whole) {
  using namespace std::chrono;
  auto text = whole;
  const auto year_n = take_digits(text, 4);
  if (!year_n || !take(text, '-')) return not_a_time(whole);
  const auto month_n = take_digits(text, 2);
  if (!month_n || !take(text, '-')) return not_a_time(whole);
  const auto day_n = take_digits(text, 2);
  if (!day_n) return not_a_time(whole);
  const year_month_day date{
      year{*year_n}, month{static_cast<unsigned>(*month_n)}, day{static_cast<unsigned>(*day_n)}};
  if (!date.ok()) return not_a_time(whole);
  Time result{sys_days{date}};
  if (text.empty()) return result;

  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return not_a_time(whole);
  const auto hour_n = take_digits(text, 2);
  if (!hour_n || !take(text, ':')) return not_a_time(whole);
  const auto minute_n = take_digits(text, 2);
  if (!minute_n || !take(text, ':')) return not_a_time(whole);
  const auto second_n = take_digits(text, 2);
  if (!second_n || *hour_n > 23 || *minute_n > 59 || *second_n > 60) return not_a_time(whole);
  result += hours{*hour_n} + minutes{*minute_n} + seconds{*second_n};

  if (take(text, '.') || take(text, ',')) {
    int scale = 100'000;
    std::size_t digits = 0;
    for (; !text.empty() && ascii::is_digit(text.front()); text.remove_prefix(1)) {
      result += microseconds{(text.front() - '0') * scale};
      scale /= 10;
      ++digits;
    }
    if (digits == 0) return not_a_time(whole);
  }

  if (take(text, 'Z') || take(text, 'z'))
    return text.empty() ? Result<Time>{result} : not_a_time(whole);
  const bool east = take(text, '+');
  if (!east && !take(text, '-')) return not_a_time(whole);
  const auto offset_hours = take_digits(text, 2);
  take(text, ':');
  const auto offset_minutes = take_digits(text, 2);
  if (!offset_hours || !offset_minutes || !text.empty() || *offset_hours > 23 ||
      *offset_minutes > 59)
    return not_a_time(whole);
  const auto offset = hours{*offset_hours} + minutes{*offset_minutes};
  return east ? result - offset : result + offset;
}

}  // namespace sallyport
