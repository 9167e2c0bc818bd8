#include "engine/serve/access.hpp"

#include "tests/serve/harness.hpp"

#include <gtest/gtest.h>

namespace sallyport::serve {
namespace {

using namespace testing;

Token token(std::string name, std::string secret) {
  return {std::move(name), Secret{std::move(secret)}, {"acme"}, {Role::viewer}};
}

TEST(Access, KnowsItsTokensAndNoOthers) {
  const auto access = Access::make(tokens()).value();
  EXPECT_EQ(access.who(viewer)->name, "vera");
  EXPECT_EQ(access.who(admin)->name, "root");
  EXPECT_FALSE(access.who(viewer + "x"));
  EXPECT_FALSE(access.who(""));
  EXPECT_FALSE(Access::make({})->who(viewer));
}

TEST(Access, RefusesTokensThatGuardNothing) {
  EXPECT_FALSE(Access::make({token("short", "0123456789")}));
  EXPECT_FALSE(Access::make({token("", viewer)}));
  EXPECT_FALSE(Access::make({token("a", viewer), token("a", admin)}));
  EXPECT_FALSE(Access::make({token("a", viewer), token("b", viewer)}));
  EXPECT_FALSE(Access::make({{"a", Secret{viewer}, {}, {Role::viewer}}}));
  EXPECT_FALSE(Access::make({{"a", Secret{viewer}, {"acme"}, {}}}));
}

TEST(Principal, MayWhatItsRolesSay) {
  const auto may = [](Role has, Role wants) {
    return Principal{.name = "x", .tenants = {"acme"}, .roles = {has}}.may(wants);
  };
  for (const auto wants :
       {Role::viewer, Role::analyst, Role::approver, Role::admin, Role::ingest}) {
    EXPECT_TRUE(may(Role::admin, wants));
    EXPECT_EQ(may(Role::viewer, wants), wants == Role::viewer);
    EXPECT_EQ(may(Role::ingest, wants), wants == Role::ingest);
    EXPECT_EQ(may(Role::analyst, wants), wants == Role::analyst || wants == Role::viewer);
    EXPECT_EQ(may(Role::approver, wants), wants == Role::approver || wants == Role::viewer);
  }
}

struct Case {
  std::string method;
  std::string target;
  Role role;
};

/// Every operation behind a token, with an answer that shows that the guard let it pass.
std::vector<Case> guarded() {
  return {{"POST", "/v1/alerts", Role::ingest},
          {"GET", "/v1/alerts", Role::viewer},
          {"GET", "/v1/investigations", Role::viewer},
          {"GET", "/v1/investigations/1", Role::viewer},
          {"GET", "/v1/approvals", Role::viewer},
          {"GET", "/v1/approvals/1", Role::viewer},
          {"POST", "/v1/approvals/1/approve", Role::approver},
          {"POST", "/v1/approvals/1/deny", Role::approver},
          {"GET", "/v1/actions", Role::viewer},
          {"GET", "/v1/actions/1", Role::viewer},
          {"POST", "/v1/actions", Role::analyst},
          {"POST", "/v1/actions/1/rollback", Role::analyst},
          {"GET", "/v1/policy", Role::viewer},
          {"GET", "/v1/policy/history", Role::viewer},
          {"PUT", "/v1/policy", Role::admin},
          {"POST", "/v1/policy/tier", Role::admin},
          {"POST", "/v1/policy/kill-switch", Role::admin},
          {"GET", "/v1/ledger", Role::viewer},
          {"POST", "/v1/actions/rollback", Role::analyst},
          {"GET", "/v1/openapi.json", Role::viewer},
          {"GET", "/metrics", Role::viewer}};
}

asio::awaitable<void> sweep(Harness& harness) {
  const auto access = Access::make(tokens()).value();
  for (const auto& [method, target, role] : guarded()) {
    const auto nobody = co_await harness.ask(method, target);
    EXPECT_EQ(status_of(nobody), 401) << method << ' ' << target;
    if (nobody) EXPECT_EQ(*http::find(nobody->headers, "WWW-Authenticate"), "Bearer");
    const auto stranger = co_await harness.ask(method, target, "not-a-token-that-is-known");
    EXPECT_EQ(status_of(stranger), 401) << method << ' ' << target;
    for (const auto& secret : {viewer, analyst, approver, sender, admin}) {
      const auto answer = co_await harness.ask(method, target, secret);
      const bool let_in = status_of(answer) != 401 && status_of(answer) != 403;
      EXPECT_EQ(let_in, access.who(secret)->may(role))
          << method << ' ' << target << ' ' << secret << ' ' << status_of(answer);
    }
  }
}

TEST(Api, AsksForTokenAndRoleAtEveryDoor) {
  Harness harness;
  harness.options.api.probes.metrics = [] { return std::string{"up 1\n"}; };
  harness.run([&] { return sweep(harness); });
}

asio::awaitable<void> covers_all(Harness& harness) {
  const auto document = body_of(co_await harness.ask("GET", "/v1/openapi.json", viewer));
  std::size_t behind_token = 0;
  for (const auto& [path, operations] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : operations.as_object())
      behind_token += operation.at("security").as_array().empty() ? 0 : 1;
  }
  EXPECT_EQ(behind_token, guarded().size() + 1) << "the stream is guarded and tested elsewhere";
}

TEST(Api, HasNoDoorThatTheSweepDoesNotKnow) {
  Harness harness;
  harness.options.api.probes.metrics = [] { return std::string{"up 1\n"}; };
  harness.run([&] { return covers_all(harness); });
}

asio::awaitable<void> nobody(Harness& harness) {
  for (const auto& [method, target, role] : guarded())
    EXPECT_EQ(status_of(co_await harness.ask(method, target, admin)), 401) << target;
  EXPECT_EQ(status_of(co_await harness.ask("GET", "/v1/stream", admin)), 401);
  EXPECT_EQ(status_of(co_await harness.ask("GET", "/healthz")), 200);
}

TEST(Api, IsClosedWithoutTokens) {
  Harness harness;
  harness.known.clear();
  harness.options.api.probes.metrics = [] { return std::string{"up 1\n"}; };
  harness.run([&] { return nobody(harness); });
}

asio::awaitable<void> bad_credentials(Harness& harness) {
  for (const auto* value : {"Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "viewer-token-0123456789"}) {
    const auto answer =
        co_await harness.ask("GET", "/v1/policy", {}, {}, {{"Authorization", value}});
    EXPECT_EQ(status_of(answer), 401) << value;
  }
  EXPECT_EQ(status_of(co_await harness.ask("GET", "/v1/policy?token=" + viewer)), 401);
  const auto lower =
      co_await harness.ask("GET", "/v1/policy", {}, {}, {{"authorization", "bearer " + viewer}});
  EXPECT_EQ(status_of(lower), 200);
}

TEST(Api, TakesTheTokenFromTheHeaderOnly) {
  Harness harness;
  harness.run([&] { return bad_credentials(harness); });
}

asio::awaitable<void> probes(Harness& harness) {
  const auto metrics = co_await harness.ask("GET", "/metrics");
  EXPECT_EQ(status_of(metrics), 200);
  if (metrics) EXPECT_EQ(metrics->body, "up 1\n");
  const auto ready = co_await harness.ask("GET", "/readyz");
  EXPECT_EQ(status_of(ready), 503);
  EXPECT_EQ(body_of(ready).at("detail"), "the store is not open");
}

TEST(Api, OpensTheProbesThatTheConfigurationOpens) {
  Harness harness;
  harness.options.api.probes = {
      .metrics = [] { return std::string{"up 1\n"}; },
      .ready = []() -> Result<> { return fail(Errc::unavailable, "the store is not open"); },
      .metrics_need_token = false,
      .ready_needs_token = false};
  harness.run([&] { return probes(harness); });
}

}  // namespace
}  // namespace sallyport::serve
