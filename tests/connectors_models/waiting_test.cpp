#include "connectors/models/waiting.hpp"

#include <gtest/gtest.h>

namespace sallyport::connectors::models {
namespace {

using namespace std::chrono_literals;
using reason::CallOutcome;
using std::chrono::milliseconds;

const Time noon = *parse_rfc3339("2026-11-20T12:00:00Z");

TEST(Waiting, ReadsEveryFormOfASpan) {
  EXPECT_EQ(parse_span("1s"), 1s);
  EXPECT_EQ(parse_span("6m0s"), 6min);
  EXPECT_EQ(parse_span("120ms"), 120ms);
  EXPECT_EQ(parse_span("1h2m3.5s"), 3'723'500ms);
  EXPECT_EQ(parse_span("1d"), 24h);
  for (const auto* none : {"", "s", "1", "1x", "-1s", "1s junk", "inf s", "nans"})
    EXPECT_FALSE(parse_span(none)) << none;
}

TEST(Waiting, UnderstandsEveryWayInWhichAProviderAsksForIt) {
  const auto wait = [](http::Headers headers) { return asks_to_wait(headers, noon); };
  EXPECT_EQ(wait({{"Retry-After", "7"}}), 7s);
  EXPECT_EQ(wait({{"retry-after", "0.5"}}), 500ms);
  EXPECT_EQ(wait({{"retry-after", "Fri, 20 Nov 2026 12:00:30 GMT"}}), 30s);
  EXPECT_EQ(wait({{"retry-after-ms", "1500"}, {"retry-after", "7"}}), 1500ms);
  EXPECT_EQ(wait({{"x-ratelimit-reset-requests", "1s"}, {"x-ratelimit-reset-tokens", "6m0s"}}),
            6min);
  EXPECT_EQ(wait({{"x-ratelimit-reset-requests", "1s"},
                  {"x-ratelimit-remaining-requests", "0"},
                  {"x-ratelimit-reset-tokens", "6m0s"},
                  {"x-ratelimit-remaining-tokens", "9000"}}),
            1s)
      << "the tokens were not what ran out";
  EXPECT_EQ(wait({{"anthropic-ratelimit-tokens-reset", "2026-11-20T12:00:12Z"},
                  {"anthropic-ratelimit-tokens-remaining", "0"}}),
            12s);
  EXPECT_EQ(wait({{"x-ratelimit-reset", "1795176060"}}), 60s) << "a moment in epoch seconds";
  EXPECT_EQ(wait({{"RateLimit-Reset", "30"}, {"RateLimit-Remaining", "0"}}), 30s);
  EXPECT_EQ(wait({{"retry-after", "Fri, 20 Nov 2026 11:00:00 GMT"}}), 0s) << "it has passed";
  EXPECT_EQ(wait({{"retry-after", "999999999"}}), 24h);
  EXPECT_FALSE(wait({{"retry-after", "soon"}, {"x-request-id", "1"}}));
}

std::optional<milliseconds> retry(Attempt attempt, milliseconds left = 10s) {
  return wait_before_retry(attempt, 3, left, 0.5);
}

TEST(Waiting, RetriesOnlyWhatMayHelpAndOnlyBeforeTheFirstToken) {
  for (const auto outcome : {CallOutcome::rate_limited,
                             CallOutcome::overloaded,
                             CallOutcome::server_error,
                             CallOutcome::unreachable}) {
    EXPECT_TRUE(retry({.outcome = outcome})) << name_of(outcome);
    EXPECT_FALSE(retry({.outcome = outcome, .begun = true})) << name_of(outcome);
    EXPECT_FALSE(retry({.outcome = outcome, .number = 3})) << name_of(outcome);
  }
  for (const auto outcome : {CallOutcome::stop,
                             CallOutcome::refusal,
                             CallOutcome::content_filter,
                             CallOutcome::context_exceeded,
                             CallOutcome::quota_exceeded,
                             CallOutcome::rejected,
                             CallOutcome::malformed,
                             CallOutcome::cancelled,
                             CallOutcome::timeout,
                             CallOutcome::capped})
    EXPECT_FALSE(retry({.outcome = outcome})) << name_of(outcome);
}

TEST(Waiting, NeverWaitsPastWhatIsLeft) {
  const Attempt asked{.outcome = CallOutcome::rate_limited, .retry_after = 5s};
  EXPECT_TRUE(retry(asked, 10s));
  EXPECT_FALSE(retry(asked, 5500ms)) << "no answer could come in what would be left";
  EXPECT_GE(*retry(asked, 10s), 5s) << "not before it said";
}

}  // namespace
}  // namespace sallyport::connectors::models
