#include "tests/integration/engine/engine.hpp"
#include "tools/lab/lab.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace sallyport::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

/// `sallyport connector call` before a running engine with a real firewall, and tenants that trust
/// it more or less.
class ConnectorCall : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(lab_) << lab_.error().detail;
    engine_.emplace(EngineSetup{
        .tier = "L3",
        .tenants = {{"cautious", {{"tier", "L0"}}},
                    {"closed", {{"tier", "L4"}, {"overrides", {{"block_ip", {{"block", true}}}}}}}},
        .token_for = "*",
        .connectors = {{"firewall",
                        {{"type", "nftables"}, {"network_namespace", lab_->networks().gateway}}}}});
    engine_->start_and_wait();
  }

  [[nodiscard]] lab::Finished call(const std::string& address,
                                   std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{
        "connector",
        "call",
        "firewall",
        "block_ip",
        "--with",
        fmt::format(R"({{"target":{{"kind":"ip","value":"{}"}}}})", address),
        "--url",
        fmt::format("http://127.0.0.1:{}", engine_->port()),
        "--token",
        Engine::token};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_sallyport(std::move(arguments));
  }

  [[nodiscard]] bool blocks(const std::string& address) const {
    const auto rules =
        lab::must_run({"ip", "netns", "exec", lab_->networks().gateway, "nft", "list", "ruleset"});
    return rules && (rules->contains(address + ' ') || rules->contains(address + ','));
  }

  [[nodiscard]] std::string decided(const std::string& tenant) const {
    const auto entries = engine_->get("/v1/ledger?kind=decided&tenant=" + tenant);
    return entries ? entries->body : "";
  }

  Result<lab::Lab> lab_ = lab::Lab::start({.directory = false, .workstation = false});
  std::optional<Engine> engine_;
};

}  // namespace

TEST_F(ConnectorCall, DoesWhatTheGateOfTheRunningEngineLetsTheTenantDoAndNoMore) {
  const auto done = call("203.0.113.10", {"--tenant", "default"});
  EXPECT_EQ(done.status, 0) << done.printed;
  EXPECT_THAT(done.printed, HasSubstr("block_ip on 203.0.113.10, permitted"));
  EXPECT_TRUE(comes_true(10s, [&] { return blocks("203.0.113.10"); })) << engine_->log_end();
  EXPECT_TRUE(comes_true(10s, [&] {
    const auto actions = engine_->get("/v1/actions?tenant=default");
    return actions && actions->body.contains(R"("state":"verified")");
  }));

  const auto held = call("203.0.113.11", {"--tenant", "cautious"});
  EXPECT_EQ(held.status, 0) << held.printed;
  EXPECT_THAT(held.printed, HasSubstr("block_ip on 203.0.113.11, queued"));

  const auto blocked = call("203.0.113.12", {"--tenant", "closed"});
  EXPECT_EQ(blocked.status, 1) << blocked.printed;
  EXPECT_THAT(blocked.printed, HasSubstr("blocked"));

  for (const auto* tenant : {"default", "cautious", "closed"})
    EXPECT_THAT(decided(tenant), HasSubstr("block_ip")) << tenant;
  EXPECT_FALSE(blocks("203.0.113.11"));
  EXPECT_FALSE(blocks("203.0.113.12"));
}

TEST_F(ConnectorCall, SaysWhatStandsInItsWayAndNothingIsSent) {
  const auto whose = call("203.0.113.10");
  EXPECT_EQ(whose.status, 2) << "a token for all tenants has to say whose action it is";
  EXPECT_THAT(whose.printed, HasSubstr("tenant"));
  for (const auto* address : {"0.0.0.0/0", "127.0.0.1", "::ffff:127.0.0.1"})
    EXPECT_EQ(call(address, {"--tenant", "default"}).status, 1) << address;
  EXPECT_THAT(decided("default"), HasSubstr("refused: that is everybody"));
  EXPECT_THAT(engine_->get("/v1/actions?tenant=default")->body, Not(HasSubstr("block_ip")));
}

}  // namespace sallyport::testing
