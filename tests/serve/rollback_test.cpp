#include "tests/serve/harness.hpp"

namespace sallyport::serve {
namespace {

using namespace testing;

asio::awaitable<void> rolls_back_several(Harness& harness) {
  const auto ask = [&](const std::string& body, const std::string& token) {
    return harness.ask("POST", "/v1/actions/rollback", token, body);
  };
  EXPECT_EQ(status_of(co_await ask(R"({"since":"2026-11-20T10:00:00Z","preview":true})", analyst)),
            200);
  EXPECT_EQ(harness.backend.orders.size(), 1U);
  const auto& order = harness.backend.orders.at(0);
  EXPECT_EQ(order.since, parse_rfc3339("2026-11-20T10:00:00Z").value());
  EXPECT_TRUE(order.preview);
  EXPECT_EQ(order.tenant, "acme");
  EXPECT_EQ(order.by.kind, "analyst");
  EXPECT_GT(order.limit, 0U);

  EXPECT_EQ(status_of(co_await ask(R"({"investigation":"I1"})", analyst)), 200);
  EXPECT_FALSE(harness.backend.orders.at(1).preview);

  for (const auto* unclear : {"{}",
                              R"({"preview":true})",
                              R"({"investigation":""})",
                              R"({"since":"soon"})",
                              R"({"investigation":"I1","since":"2026-11-20T10:00:00Z"})"})
    EXPECT_EQ(status_of(co_await ask(unclear, analyst)), 400) << unclear;
  EXPECT_EQ(status_of(co_await ask(R"({"investigation":"I1"})", viewer)), 403);
  EXPECT_EQ(harness.backend.orders.size(), 2U);
}

TEST(RollbackOfSeveral, IsPassedOnWithItsScopeAndWhoAsked) {
  Harness harness;
  harness.run([&] { return rolls_back_several(harness); });
}

}  // namespace
}  // namespace sallyport::serve
