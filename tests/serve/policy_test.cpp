#include "tests/serve/harness.hpp"

#include <gmock/gmock.h>

namespace sallyport::serve::testing {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

constexpr auto drop = R"({"tenant":"acme","tier":"L1","reason":"incident"})";

}  // namespace

TEST(PolicyEndpoints, ChangesNeedTheAdministratorAndAreHis) {
  Harness api;
  api.run([&]() -> asio::awaitable<void> {
    for (const auto& token : {viewer, analyst, approver, sender})
      EXPECT_EQ(status_of(co_await api.ask("POST", "/v1/policy/tier", token, drop)), 403);
    EXPECT_THAT(api.backend.policy_orders, IsEmpty());
    const auto answer = co_await api.ask("POST", "/v1/policy/tier", admin, drop);
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(body_of(answer).at("version"), 8);
    EXPECT_THAT(api.backend.policy_orders, ElementsAre("L1 for acme"));
    EXPECT_EQ(api.backend.policy_authors.at(0).by.id, "root");
    EXPECT_EQ(api.backend.policy_authors.at(0).reason, "incident");
  });
}

TEST(PolicyEndpoints, AnAdministratorOfOneTenantTouchesNoOther) {
  Harness api;
  const std::string own = "admin-of-one-tenant-0123456789";
  api.known.push_back({"ada", Secret{own}, {"acme"}, {Role::admin}});
  api.run([&]() -> asio::awaitable<void> {
    EXPECT_EQ(status_of(co_await api.ask("POST", "/v1/policy/tier", own, drop)), 200);
    for (const auto* body : {R"({"scope":"global","on":true,"reason":"r"})",
                             R"({"scope":"verb","verb":"block_ip","on":true,"reason":"r"})",
                             R"({"scope":"tenant","tenant":"other","on":true,"reason":"r"})"})
      EXPECT_EQ(status_of(co_await api.ask("POST", "/v1/policy/kill-switch", own, body)), 403);
    EXPECT_EQ(
        status_of(co_await api.ask(
            "POST", "/v1/policy/tier", own, R"({"tenant":"other","tier":"L0","reason":"r"})")),
        403);
    EXPECT_EQ(status_of(co_await api.ask(
                  "PUT", "/v1/policy?reason=r", own, "tenants: {}", {{"If-Match", "*"}})),
              403);
    EXPECT_EQ(status_of(co_await api.ask(
                  "POST",
                  "/v1/policy/kill-switch",
                  own,
                  R"({"scope":"verb","verb":"block_ip","tenant":"acme","on":true,"reason":"r"})")),
              200);
    EXPECT_THAT(api.backend.policy_orders,
                ElementsAre("L1 for acme", "kill verb acme block_ip on"));
  });
}

TEST(PolicyEndpoints, TwoEditorsDoNotOverwriteEachOther) {
  Harness api;
  api.run([&]() -> asio::awaitable<void> {
    const auto seen = co_await api.ask("GET", "/v1/policy", admin);
    const auto* tag = seen ? http::find(seen->headers, "ETag") : nullptr;
    EXPECT_TRUE(tag && *tag == "\"7\"");
    const auto put = [&](http::Headers headers) {
      return api.ask("PUT", "/v1/policy?reason=review", admin, "tenants: {}", std::move(headers));
    };
    EXPECT_EQ(status_of(co_await put({})), 428);
    EXPECT_EQ(status_of(co_await put({{"If-Match", "\"6\""}})), 412);
    EXPECT_THAT(api.backend.policy_orders, IsEmpty());
    EXPECT_EQ(status_of(co_await put({{"If-Match", "\"7\""}})), 200);
    EXPECT_THAT(api.backend.policy_orders, ElementsAre("file tenants: {}"));
    EXPECT_EQ(api.backend.policy_authors.at(0).expected, "7");
    EXPECT_EQ(api.backend.policy_authors.at(0).reason, "review");
  });
}

TEST(PolicyEndpoints, WhatIsNotClearIsRefused) {
  Harness api;
  api.run([&]() -> asio::awaitable<void> {
    for (const auto* body : {R"({"scope":"verb","on":true,"reason":"r"})",
                             R"({"scope":"tenant","on":true,"reason":"r"})",
                             R"({"scope":"global","reason":"r"})",
                             R"({"on":true,"reason":"r"})",
                             R"({"scope":"global","verb":"block_ip","on":true,"reason":"r"})",
                             R"({"scope":"global","tenant":"acme","on":true,"reason":"r"})",
                             R"({"scope":"everything","on":true,"reason":"r"})"})
      EXPECT_EQ(status_of(co_await api.ask("POST", "/v1/policy/kill-switch", admin, body)), 400)
          << body;
    for (const auto* body : {R"({"tenant":"acme","tier":"L9","reason":"r"})",
                             R"({"tenant":"acme","reason":"r"})",
                             R"({"tenant":"acme","tier":"L1"})"})
      EXPECT_EQ(status_of(co_await api.ask("POST", "/v1/policy/tier", admin, body)), 400) << body;
    EXPECT_EQ(status_of(co_await api.ask("GET", "/v1/policy?version=x", admin)), 400);
    EXPECT_THAT(api.backend.policy_orders, IsEmpty());
  });
}

TEST(PolicyEndpoints, ATokenSeesItsOwnTenantsChangesAndNotTheFile) {
  Harness api;
  api.run([&]() -> asio::awaitable<void> {
    const auto own = co_await api.ask("GET", "/v1/policy/history", viewer);
    EXPECT_EQ(status_of(own), 200);
    EXPECT_THAT(own ? own->body : "", HasSubstr("/tenants/acme/tier"));
    EXPECT_THAT(own ? own->body : "", ::testing::Not(HasSubstr("/tenants/other")));
    EXPECT_FALSE(
        body_of(co_await api.ask("GET", "/v1/policy", viewer)).as_object().contains("text"));
    EXPECT_EQ(body_of(co_await api.ask("GET", "/v1/policy", admin)).at("text"), "the file");
  });
}

}  // namespace sallyport::serve::testing
