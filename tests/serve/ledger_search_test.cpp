#include "tests/serve/harness.hpp"

#include <gtest/gtest.h>

namespace sallyport::serve {
namespace {

using testing::Harness;
using testing::status_of;
using testing::viewer;

TEST(LedgerSearch, PassesOnWhatIsAskedOfDecisions) {
  Harness harness;
  harness.run([&]() -> asio::awaitable<void> {
    const auto answer = co_await harness.ask(
        "GET",
        "/v1/ledger?verb=isolate_host&target=WKS-1&decision=queued&reason=tier&actor=alice",
        viewer);
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(harness.backend.last_search.verb, "isolate_host");
    EXPECT_EQ(harness.backend.last_search.target, "WKS-1");
    EXPECT_EQ(harness.backend.last_search.decision, "queued");
    EXPECT_EQ(harness.backend.last_search.reason, "tier");
    EXPECT_EQ(harness.backend.last_search.actor, "alice");
  });
}

TEST(LedgerSearch, RefusesAWordThatNoDecisionHas) {
  Harness harness;
  harness.run([&]() -> asio::awaitable<void> {
    for (const auto* asked : {"decision=quequed", "reason=nonsense", "decision=auto_"}) {
      const auto answer = co_await harness.ask("GET", std::string{"/v1/ledger?"} + asked, viewer);
      EXPECT_EQ(status_of(answer), 400) << asked;
    }
    const auto answer = co_await harness.ask("GET", "/v1/ledger?decision=auto", viewer);
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(harness.backend.last_search.decision, "auto");
  });
}

TEST(Api, EndpointsOfOthersStandBehindTheSameGuardAndInTheDocument) {
  Harness harness;
  harness.options.api.also = [] {
    return Endpoints{{.method = "GET",
                      .path = "/v1/extra",
                      .id = "showExtra",
                      .summary = "More",
                      .role = Role::viewer,
                      .query = {},
                      .body = {},
                      .answers = {{.description = "it", .schema = {}}},
                      .handle = [](Asked) -> Task<http::Response> { co_return ok("{}"); }}};
  };
  harness.run([&]() -> asio::awaitable<void> {
    const auto nobody = co_await harness.ask("GET", "/v1/extra");
    EXPECT_EQ(status_of(nobody), 401);
    const auto vera = co_await harness.ask("GET", "/v1/extra", viewer);
    EXPECT_EQ(status_of(vera), 200);
    const auto document = co_await harness.ask("GET", "/v1/openapi.json", viewer);
    EXPECT_TRUE(document && document->body.contains("showExtra"));
  });
}

}  // namespace
}  // namespace sallyport::serve
