#include "engine/ingest/timestamp.hpp"

#include "engine/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>

namespace sallyport::ingest {

namespace {

using namespace std::chrono;

/// Reads the parts of a written time from the front; a part that is not there spoils the whole.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_{text} {}

  bool take(std::string_view any) {
    if (text_.empty() || !any.contains(text_.front())) return false;
    text_.remove_prefix(1);
    return true;
  }

  void spaces() {
    while (take(" ")) {
    }
  }

  std::optional<int> number(std::size_t least, std::size_t most) {
    std::size_t n = 0;
    while (n < most && n < text_.size() && ascii::is_digit(text_[n])) ++n;
    if (n < least) return std::nullopt;
    int value = 0;
    std::from_chars(text_.data(), text_.data() + n, value);
    text_.remove_prefix(n);
    return value;
  }

  std::optional<unsigned> month_name() {
    constexpr std::array<std::string_view, 12> names{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto found = std::ranges::find(names, text_.substr(0, 3));
    if (found == names.end()) return std::nullopt;
    text_.remove_prefix(3);
    return static_cast<unsigned>(found - names.begin()) + 1;
  }

  /// `10:00:00`, a fraction, AM or PM, a zone; all after the seconds is optional.
  std::optional<microseconds> clock() {
    auto hour = number(1, 2);
    if (!hour || !take(":")) return std::nullopt;
    const auto minute = number(2, 2);
    if (!minute || !take(":")) return std::nullopt;
    return rest_of_clock(hour, minute);
  }

  /// `100000Z`
  std::optional<microseconds> short_clock() {
    const auto hour = number(2, 2);
    const auto minute = number(2, 2);
    if (!hour || !minute) return std::nullopt;
    return rest_of_clock(hour, minute);
  }

  [[nodiscard]] bool done() const { return text_.empty(); }

 private:
  std::optional<microseconds> rest_of_clock(std::optional<int> hour, std::optional<int> minute) {
    const auto second = number(2, 2);
    if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    microseconds fraction{0};
    if (take(".")) {
      for (int scale = 100'000; !text_.empty(); scale /= 10) {
        const auto digit = number(1, 1);
        if (!digit) break;
        fraction += microseconds{*digit * scale};
      }
    }
    spaces();
    if (text_.starts_with("AM") || text_.starts_with("PM")) {
      if (*hour == 0 || *hour > 12) return std::nullopt;
      *hour = *hour % 12 + (text_[0] == 'P' ? 12 : 0);
      text_.remove_prefix(2);
      spaces();
    }
    return hours{*hour} + minutes{*minute} + seconds{*second} + fraction - zone();
  }

  microseconds zone() {
    for (const std::string_view utc : {"Z", "UTC", "GMT"}) {
      if (text_ == utc) {
        text_ = {};
        return {};
      }
    }
    const bool east = text_.starts_with('+');
    if (!take("+-")) return {};
    const auto offset_hours = number(2, 2);
    take(":");
    const auto offset_minutes = number(2, 2);
    if (!offset_hours || !offset_minutes) {
      text_ = "?";
      return {};
    }
    if (text_.starts_with(' ') && text_.size() <= 6) text_ = {};  // ` CEST`, the same in letters
    const auto offset = hours{*offset_hours} + minutes{*offset_minutes};
    return east ? microseconds{offset} : -microseconds{offset};
  }

  std::string_view text_;
};

std::optional<Time> at(int y, unsigned m, unsigned d, microseconds clock) {
  const year_month_day date{year{y}, month{m}, day{d}};
  if (!date.ok()) return std::nullopt;
  return Time{sys_days{date}} + clock;
}

/// Zero is what products write where they know no time.
std::optional<Time> epoch(std::string_view text) {
  const bool whole = std::ranges::all_of(text, ascii::is_digit);
  if (whole && text.size() <= 19) {
    std::int64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{} ||
        value == 0)
      return std::nullopt;
    if (value >= 100'000'000'000'000'000) return Time{microseconds{value / 1000}};
    if (value >= 100'000'000'000'000) return Time{microseconds{value}};
    if (value >= 100'000'000'000) return Time{milliseconds{value}};
    return Time{seconds{value}};
  }
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value <= 0)
    return std::nullopt;
  if (value >= 1e20) return std::nullopt;
  if (value >= 1e17) return Time{microseconds{std::llround(value / 1e3)}};
  if (value >= 1e14) return Time{microseconds{std::llround(value)}};
  if (value >= 1e11) return Time{microseconds{std::llround(value * 1e3)}};
  return Time{microseconds{std::llround(value * 1e6)}};
}

/// `Nov 21 10:00:00`, `Nov 21, 2026 10:00:00`, `Nov 21 10:00:00 2026`
std::optional<Time> month_first(std::string_view text, Time now) {
  Reader reader{text};
  const auto m = reader.month_name();
  if (!m) return std::nullopt;
  reader.spaces();
  const auto d = reader.number(1, 2);
  if (!d) return std::nullopt;
  reader.take(",");
  reader.spaces();
  Reader with_year = reader;
  if (const auto y = with_year.number(4, 4)) {
    with_year.take(",");
    with_year.spaces();
    if (with_year.take("@")) with_year.spaces();
    const auto clock = with_year.clock();
    if (clock && with_year.done()) return at(*y, *m, static_cast<unsigned>(*d), *clock);
  }
  const auto clock = reader.clock();
  if (!clock) return std::nullopt;
  if (const auto y = reader.number(4, 4); y && reader.done())
    return at(*y, *m, static_cast<unsigned>(*d), *clock);
  if (!reader.done()) return std::nullopt;
  // The year is not said: an alert is at most a day ahead of our clock.
  const auto this_year = static_cast<int>(year_month_day{floor<days>(now)}.year());
  for (const int y : {this_year + 1, this_year, this_year - 1}) {
    const auto time = at(y, *m, static_cast<unsigned>(*d), *clock);
    if (time && *time <= now + days{1}) return time;
  }
  return std::nullopt;
}

/// `2026/11/21 10:00:00`, `20261121T100000Z`; with a clock that says a zone, `2026-11-21 10:00:00
/// UTC`
std::optional<Time> year_first(std::string_view text) {
  Reader reader{text};
  const auto y = reader.number(4, 4);
  const bool apart = reader.take("-/");
  const auto m = reader.number(2, 2);
  if (!y || !m || (apart && !reader.take("-/"))) return std::nullopt;
  const auto d = reader.number(2, 2);
  if (!d || !reader.take("Tt ")) return std::nullopt;
  const auto clock = apart ? reader.clock() : reader.short_clock();
  if (!clock || !reader.done()) return std::nullopt;
  return at(*y, static_cast<unsigned>(*m), static_cast<unsigned>(*d), *clock);
}

/// `21 Nov 2026 10:00:00 GMT`, also behind the day of the week
std::optional<Time> day_first(std::string_view text) {
  constexpr std::array<std::string_view, 7> week{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  if (std::ranges::find(week, text.substr(0, 3)) != week.end()) {
    text.remove_prefix(std::min(text.find(' '), text.size()));
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  Reader reader{text};
  const auto d = reader.number(1, 2);
  if (!d || !reader.take(" -")) return std::nullopt;
  const auto m = reader.month_name();
  if (!m || !reader.take(" -")) return std::nullopt;
  const auto y = reader.number(4, 4);
  reader.spaces();
  const auto clock = reader.clock();
  if (!y || !clock || !reader.done()) return std::nullopt;
  return at(*y, *m, static_cast<unsigned>(*d), *clock);
}

/// `11/21/2026 10:00:00`, `11/21/2026-10:00:00`, `21/Nov/2026:10:00:00 +0100`,
/// `2026 Nov 21 10:00:00`
std::optional<Time> digits_first(std::string_view text) {
  Reader reader{text};
  const auto first = reader.number(1, 4);
  if (!first) return std::nullopt;
  if (reader.take(" ")) {
    const auto m = reader.month_name();
    reader.spaces();
    const auto d = reader.number(1, 2);
    reader.spaces();
    const auto clock = reader.clock();
    if (!m || !d || !clock || !reader.done()) return std::nullopt;
    return at(*first, *m, static_cast<unsigned>(*d), *clock);
  }
  if (!reader.take("/")) return std::nullopt;
  const auto named = reader.month_name();
  const auto second = named ? std::optional<int>{*named} : reader.number(1, 2);
  if (!second || !reader.take("/")) return std::nullopt;
  const auto y = reader.number(4, 4);
  if (!y || !reader.take(" :-")) return std::nullopt;
  const auto clock = reader.clock();
  if (!clock || !reader.done()) return std::nullopt;
  return named ? at(*y, *named, static_cast<unsigned>(*first), *clock)
               : at(*y, static_cast<unsigned>(*first), static_cast<unsigned>(*second), *clock);
}

}  // namespace

std::optional<Time> parse_time(std::string_view text, Time now) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.empty() || text.size() > 64) return std::nullopt;
  if (ascii::is_digit(text[0])) {
    if (text.size() > 10 && text[4] == '-') {
      if (const auto time = parse_rfc3339(text)) return *time;
      const auto zoned = std::string{text} + 'Z';  // products that leave out the zone mean UTC
      if (const auto time = parse_rfc3339(zoned)) return *time;
      return year_first(text);
    }
    if (text.find_first_not_of("0123456789.eE+") == std::string_view::npos) return epoch(text);
    if (const auto time = parse_rfc3339(text)) return *time;
    if (const auto time = digits_first(text)) return time;
    if (const auto time = year_first(text)) return time;
    return day_first(text);
  }
  if (const auto time = month_first(text, now)) return time;
  return day_first(text);
}

std::int64_t epoch_milliseconds(Time time) {
  return std::chrono::floor<milliseconds>(time).time_since_epoch().count();
}

}  // namespace sallyport::ingest
