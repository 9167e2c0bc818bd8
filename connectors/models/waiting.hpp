#pragma once

#include "engine/base/time.hpp"
#include "engine/http/message.hpp"
#include "engine/reason/language_model.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace sallyport::connectors::models {

/// With less than this no answer could come: nothing is asked.
inline constexpr std::chrono::milliseconds least_for_an_answer{1000};

/// `1s`, `6m0s`, `120ms`, `1h2m3.5s`: how OpenAI writes a span.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_span(std::string_view text);

/// How long a provider asks to wait: `retry-after-ms`, `retry-after` (seconds or a date), else the
/// latest reset among the limits that have nothing left: `x-ratelimit-reset-*` (a span, seconds or
/// a moment in epoch seconds), `anthropic-ratelimit-*-reset` (RFC 3339). Nothing: it does not say.
/// At most a day, at least nothing.
[[nodiscard]] std::optional<std::chrono::milliseconds> asks_to_wait(const http::Headers& headers,
                                                                    Time now);

/// What is known when a call has failed.
struct Attempt {
  reason::CallOutcome outcome = reason::CallOutcome::server_error;
  bool begun = false;  ///< The model had said something.
  std::uint32_t number = 1;
  std::optional<std::chrono::milliseconds> retry_after;
};

/// How long to wait before the same provider is asked again; nothing: it is not. Never after the
/// first token, never when waiting cannot help, and not when so little of `left` would remain that
/// no answer could come. `chance` (0 to 1) spreads the callers.
[[nodiscard]] std::optional<std::chrono::milliseconds> wait_before_retry(
    const Attempt& attempt,
    std::uint32_t most_attempts,
    std::chrono::milliseconds left,
    double chance);

/// Whether another provider may be asked: what this one could not, it may; what was said once is
/// not asked twice, but for a refusal.
[[nodiscard]] bool may_move_on(const reason::ModelAnswer& answer);

}  // namespace sallyport::connectors::models
