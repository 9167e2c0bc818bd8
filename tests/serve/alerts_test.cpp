#include "tests/serve/harness.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace sallyport::serve {
namespace {

using namespace testing;

asio::awaitable<void> takes_all_shapes(Harness& harness) {
  const auto one = co_await harness.ask("POST", "/v1/alerts", sender, R"({"uid":"a"})");
  EXPECT_EQ(status_of(one), 202);
  EXPECT_EQ(body_of(one).at("results").at(0).at("status"), "accepted");
  EXPECT_EQ(body_of(one).at("results").at(0).at("uid"), "a");

  const auto array =
      co_await harness.ask("POST", "/v1/alerts", sender, R"([{"uid":"b"},{"uid":"a"}])");
  EXPECT_EQ(status_of(array), 202);
  EXPECT_EQ(body_of(array).at("accepted"), 1);
  EXPECT_EQ(body_of(array).at("duplicates"), 1);
  EXPECT_EQ(body_of(array).at("results").at(1).at("status"), "duplicate");

  const auto lines = co_await harness.ask(
      "POST", "/v1/alerts?source=wazuh", sender, "{\"uid\":\"c\"}\n{\"uid\":\"d\"}\r\n");
  EXPECT_EQ(status_of(lines), 202);
  EXPECT_EQ(harness.backend.submissions.back().source, "wazuh");
  EXPECT_EQ(harness.backend.submissions.back().alerts.size(), 2U);
  EXPECT_EQ(harness.backend.submissions.back().tenant, "acme");
}

TEST(PostAlerts, TakesOneAnArrayAndJsonLines) {
  Harness harness;
  harness.run([&] { return takes_all_shapes(harness); });
}

asio::awaitable<void> tells_each(Harness& harness) {
  const auto some = co_await harness.ask(
      "POST", "/v1/alerts", sender, "{\"uid\":\"a\"}\n{\"x\":1}\n{\"uid\":\"b\"}");
  EXPECT_EQ(status_of(some), 207);
  EXPECT_EQ(body_of(some).at("refused"), 1);
  EXPECT_EQ(body_of(some).at("results").at(1).at("reason"), "no uid");
  EXPECT_EQ(body_of(some).at("results").at(2).at("status"), "accepted");

  const auto none = co_await harness.ask("POST", "/v1/alerts", sender, R"([{"x":1},{"y":2}])");
  EXPECT_EQ(status_of(none), 400);
  EXPECT_EQ(body_of(none).at("results").as_array().size(), 2U);
  if (none) EXPECT_EQ(*http::find(none->headers, "Content-Type"), "application/problem+json");
  for (const auto* empty : {"", "  \n", "[]"})
    EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts", sender, empty)), 400) << empty;
}

TEST(PostAlerts, SaysWhatBecameOfEach) {
  Harness harness;
  harness.run([&] { return tells_each(harness); });
}

asio::awaitable<void> pushes_back(Harness& harness) {
  harness.backend.wait = std::chrono::seconds{7};
  const auto busy = co_await harness.ask("POST", "/v1/alerts", sender, R"({"uid":"a"})");
  EXPECT_EQ(status_of(busy), 503);
  if (busy) EXPECT_EQ(*http::find(busy->headers, "Retry-After"), "7");
  EXPECT_TRUE(harness.backend.submissions.empty());
  harness.backend.wait.reset();
  harness.backend.store_broken = true;
  const auto broken = co_await harness.ask("POST", "/v1/alerts", sender, R"({"uid":"a"})");
  EXPECT_EQ(status_of(broken), 503);
  EXPECT_NE(http::find(broken->headers, "Retry-After"), nullptr);
}

TEST(PostAlerts, TellsTheSenderToWaitWhenThereIsNoRoom) {
  Harness harness;
  harness.run([&] { return pushes_back(harness); });
}

asio::awaitable<void> too_much(Harness& harness) {
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts", sender, "{}\n{}\n{}")), 413);
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts", sender, std::string(3000, 'x'))),
            413);
}

TEST(PostAlerts, BoundsARequest) {
  Harness harness;
  harness.options.api.intake.alerts_per_request = 2;
  harness.options.server.limits.body_bytes = 2000;
  harness.run([&] { return too_much(harness); });
}

asio::awaitable<void> tenants(Harness& harness) {
  const auto* alert = R"({"uid":"a"})";
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts?tenant=other", sender, alert)), 403);
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts", two, alert)), 400);
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts", admin, alert)), 400);
  EXPECT_TRUE(harness.backend.submissions.empty());
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts?tenant=other", two, alert)), 202);
  EXPECT_EQ(harness.backend.submissions.back().tenant, "other");
}

TEST(PostAlerts, GoToATenantOfTheToken) {
  Harness harness;
  harness.run([&] { return tenants(harness); });
}

http::Headers key(std::string text) {
  return {{"Idempotency-Key", std::move(text)}};
}

asio::awaitable<void> repeats(Harness& harness) {
  const auto* alert = R"({"uid":"a"})";
  const auto first = co_await harness.ask("POST", "/v1/alerts", sender, alert, key("k1"));
  const auto again = co_await harness.ask("POST", "/v1/alerts", sender, alert, key("k1"));
  EXPECT_EQ(status_of(first), 202);
  EXPECT_EQ(status_of(again), 202);
  EXPECT_EQ(first->body, again->body) << "a duplicate would say so";
  EXPECT_EQ(harness.backend.submissions.size(), 1U);
  const auto changed =
      co_await harness.ask("POST", "/v1/alerts", sender, R"({"uid":"b"})", key("k1"));
  EXPECT_EQ(status_of(changed), 422);
  // Another token's key is another key, and a day later it is a new one.
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts", other, alert, key("k1"))), 202);
  EXPECT_EQ(harness.backend.submissions.size(), 2U);
  harness.clock.time += std::chrono::hours{25};
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts", sender, alert, key("k1"))), 202);
  EXPECT_EQ(harness.backend.submissions.size(), 3U);
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts", sender, alert, key("a b"))), 400);
}

TEST(IdempotencyKey, GivesARepetitionTheFirstAnswer) {
  Harness harness;
  harness.run([&] { return repeats(harness); });
}

asio::awaitable<void> failed_first(Harness& harness) {
  const auto* alert = R"({"uid":"a"})";
  harness.backend.store_broken = true;
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts", sender, alert, key("k"))), 503);
  harness.backend.store_broken = false;
  EXPECT_EQ(status_of(co_await harness.ask("POST", "/v1/alerts", sender, alert, key("k"))), 202);
}

TEST(IdempotencyKey, DoesNotKeepAFailureOfOurs) {
  Harness harness;
  harness.run([&] { return failed_first(harness); });
}

asio::awaitable<void> pages(Harness& harness) {
  for (int i = 0; i < 5; ++i)
    harness.backend.all_alerts.push_back(
        {.tenant = i == 2 ? "other" : "acme", .uid = "u" + std::to_string(i)});
  std::vector<std::string> seen;
  std::string cursor;
  for (int i = 0; i < 10; ++i) {
    const auto page =
        body_of(co_await harness.ask("GET", "/v1/alerts?limit=2&cursor=" + cursor, viewer));
    for (const auto& item : page.at("items").as_array())
      seen.emplace_back(item.at("uid").as_string());
    const auto* next = page.as_object().if_contains("next");
    if (!next) break;
    cursor = next->as_string();
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"u0", "u1", "u3", "u4"}));
  const auto all = body_of(co_await harness.ask("GET", "/v1/alerts", admin));
  EXPECT_EQ(all.at("items").as_array().size(), 5U);
  for (const auto* bad : {"0", "1001", "x", "-1", "99999999999999999999"})
    EXPECT_EQ(
        status_of(co_await harness.ask("GET", std::string{"/v1/alerts?limit="} + bad, viewer)), 400)
        << bad;
  EXPECT_EQ(status_of(co_await harness.ask("GET", "/v1/alerts?tenant=other", viewer)), 403);
}

TEST(GetAlerts, ComesInPagesOfTheTokensTenants) {
  Harness harness;
  harness.run([&] { return pages(harness); });
}

}  // namespace
}  // namespace sallyport::serve
