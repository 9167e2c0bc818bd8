#include "connectors/models/waiting.hpp"

#include "engine/http/date.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sallyport::connectors::models {

namespace {

using namespace std::chrono_literals;
using reason::CallOutcome;
using std::chrono::milliseconds;

constexpr milliseconds a_day = 24h;
constexpr milliseconds first_wait = 250ms;
constexpr double epoch_looks_like = 1e9;  // seconds: a moment, not a span

std::optional<double> number(std::string_view& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(value) || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

milliseconds bounded(double ms) {
  return milliseconds{
      static_cast<std::int64_t>(std::clamp(std::ceil(ms), 0.0, double(a_day.count())))};
}

milliseconds until(Time then, Time now) {
  return bounded(std::chrono::duration<double, std::milli>{then - now}.count());
}

std::optional<milliseconds> seconds_or_moment(std::string_view text, Time now) {
  auto rest = text;
  if (const auto value = number(rest); value && rest.empty()) {
    if (*value < epoch_looks_like) return bounded(*value * 1000);
    const Time moment{
        std::chrono::microseconds{static_cast<std::int64_t>(std::min(*value, 1e11) * 1e6)}};
    return until(moment, now);
  }
  if (const auto span = parse_span(text)) return span;
  if (const auto date = http::parse_date(text)) return until(*date, now);
  if (const auto moment = parse_rfc3339(text)) return until(*moment, now);
  return std::nullopt;
}

/// The name of the limit whose reset `name` is: `anthropic-ratelimit-tokens-reset` and
/// `x-ratelimit-reset-tokens` reset what `...-remaining` counts.
std::string remaining_of(std::string_view name) {
  std::string result{name};
  const auto at = result.rfind("reset");
  return result.replace(at, 5, "remaining");
}

bool is_reset(std::string_view name) {
  return (name.starts_with("x-ratelimit-reset") || name.starts_with("anthropic-ratelimit-") ||
          name == "ratelimit-reset") &&
         name.find("reset") != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

}  // namespace

std::optional<milliseconds> parse_span(std::string_view text) {
  struct Unit {
    std::string_view name;
    double ms;
  };

  static constexpr std::array<Unit, 7> units = {{{"ms", 1},
                                                 {"us", 1e-3},
                                                 {"ns", 1e-6},
                                                 {"d", 86'400'000},
                                                 {"h", 3'600'000},
                                                 {"m", 60'000},
                                                 {"s", 1000}}};
  if (text.empty()) return std::nullopt;
  double ms = 0;
  while (!text.empty()) {
    const auto value = number(text);
    if (!value) return std::nullopt;
    const auto unit =
        std::ranges::find_if(units, [&](const Unit& u) { return text.starts_with(u.name); });
    if (unit == units.end()) return std::nullopt;
    text.remove_prefix(unit->name.size());
    ms += *value * unit->ms;
  }
  return bounded(ms);
}

std::optional<milliseconds> asks_to_wait(const http::Headers& headers, Time now) {
  if (const auto* ms = http::find(headers, "retry-after-ms")) {
    std::string_view rest = *ms;
    if (const auto value = number(rest); value && rest.empty()) return bounded(*value);
  }
  if (const auto* after = http::find(headers, "retry-after")) {
    if (const auto wait = seconds_or_moment(*after, now)) return wait;
  }
  std::optional<milliseconds> latest;
  for (const auto& [header, value] : headers) {
    const auto name = lower(header);
    if (!is_reset(name)) continue;
    const auto* remaining = http::find(headers, remaining_of(name));
    if (remaining && *remaining != "0") continue;
    const auto wait = seconds_or_moment(value, now);
    if (wait && (!latest || *wait > *latest)) latest = wait;
  }
  return latest;
}

std::optional<milliseconds> wait_before_retry(const Attempt& attempt,
                                              std::uint32_t most_attempts,
                                              milliseconds left,
                                              double chance) {
  if (attempt.begun || attempt.number >= most_attempts) return std::nullopt;
  switch (attempt.outcome) {
    case CallOutcome::rate_limited:
    case CallOutcome::overloaded:
    case CallOutcome::server_error:
    case CallOutcome::unreachable:
      break;
    default:
      return std::nullopt;
  }
  const auto doubled = first_wait * (1U << std::min(attempt.number - 1, 10U));
  auto wait = std::chrono::duration_cast<milliseconds>(doubled * (0.5 + chance));
  if (attempt.retry_after) {
    // Not all at the same moment either.
    wait = *attempt.retry_after + std::chrono::duration_cast<milliseconds>(first_wait * chance);
  }
  if (wait + least_for_an_answer > left) return std::nullopt;
  return wait;
}

bool may_move_on(const reason::ModelAnswer& answer) {
  switch (answer.outcome) {
    case CallOutcome::refusal:
    case CallOutcome::content_filter:
    case CallOutcome::context_exceeded:
    case CallOutcome::rejected:
    case CallOutcome::quota_exceeded:
    case CallOutcome::no_room:
      return true;
    case CallOutcome::rate_limited:
    case CallOutcome::overloaded:
    case CallOutcome::server_error:
    case CallOutcome::unreachable:
    case CallOutcome::malformed:
    case CallOutcome::timeout:
      return !answer.first_token;
    default:
      return false;
  }
}

}  // namespace sallyport::connectors::models
