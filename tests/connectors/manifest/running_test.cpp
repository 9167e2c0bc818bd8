#include "tests/connectors/manifest/stand.hpp"
#include "tools/lab/vendors/agents.hpp"
#include "tools/lab/vendors/checkpoint.hpp"
#include "tools/lab/vendors/falcon.hpp"
#include "tools/lab/vendors/google.hpp"
#include "tools/lab/vendors/microsoft.hpp"
#include "tools/lab/vendors/sentinelone.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace sallyport::connectors::manifest::testing {

using model::ActionState;
using ::testing::HasSubstr;

namespace {

const model::Target address{.kind = "ip", .value = "203.0.113.7"};

http::Response refusal(std::string_view code) {
  return lab::json_answer(400, {{"code", code}, {"message", "no"}});
}

}  // namespace

TEST(CheckPointManifest, ABlockIsPublishedAndInstalledAndARollbackToo) {
  Stand stand{"firewall/checkpoint.yaml"};
  const auto installed = [&] {
    return stand.vendor->with<lab::CheckPointLab>([](auto& lab) { return lab.installed; });
  };
  const auto ran = stand.world->run("block_ip", address);
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(installed(), std::set<std::string>{"soc-203.0.113.7"});
  (void)stand.world->roll_back(ran);
  EXPECT_EQ(installed(), std::set<std::string>{});
  EXPECT_EQ(stand.vendor->count("POST /web_api/discard"), 0U) << "nothing was left in a draft";
}

TEST(CheckPointManifest, ADraftThatCannotBePublishedIsThrownAway) {
  Stand stand{"firewall/checkpoint.yaml"};
  stand.vendor->befall(
      {.answer = refusal("err_validation_failed"), .path = "/publish", .times = 99});
  const auto ran = stand.world->run("block_ip", address);
  EXPECT_EQ(ran.state, ActionState::failed) << ran.detail;
  stand.vendor->with<lab::CheckPointLab>([](auto& lab) {
    EXPECT_EQ(lab.discards, 1);
    EXPECT_EQ(lab.draft, lab.published);
    EXPECT_TRUE(lab.published.members.empty());
  });
}

TEST(CheckPointManifest, AnInstallationThatFailsIsAnActionThatFailed) {
  Stand stand{"firewall/checkpoint.yaml"};
  stand.vendor->with<lab::CheckPointLab>([](auto& lab) { lab.installs = false; });
  const auto ran = stand.world->run("block_ip", address);
  EXPECT_EQ(ran.state, ActionState::failed) << ran.detail;
  EXPECT_THAT(ran.detail, HasSubstr("job failed"));
}

TEST(CheckPointManifest, TwoAtATimeDoNotPublishEachOthersDrafts) {
  Stand stand{"firewall/checkpoint.yaml"};
  const auto block = [&](const std::string& ip) {
    const act::Operation operation{.verb = "block_ip",
                                   .target = {.kind = "ip", .value = ip},
                                   .parameters = {},
                                   .idempotency_key = "01J0000000000000000000001"};
    const auto done =
        wait(stand.connector->execute(operation, Deadline::in(std::chrono::seconds{20})));
    EXPECT_TRUE(done) << done.error().detail;
  };
  std::thread other{[&] { block("203.0.113.8"); }};
  block("203.0.113.7");
  other.join();
  int drafts = 0;
  for (const auto& request : stand.vendor->requests()) {
    if (request == "POST /web_api/add-host") EXPECT_EQ(++drafts, 1);
    if (request == "POST /web_api/install-policy") --drafts;
  }
  stand.vendor->with<lab::CheckPointLab>([](auto& lab) { EXPECT_EQ(lab.installed.size(), 2U); });
}

TEST(FalconManifest, ASessionOnAHostIsClosedHoweverTheCommandEnds) {
  Stand stand{"edr/crowdstrike.yaml"};
  const model::Target process{.kind = "process", .value = "4242"};
  const json::object on_host{{"host", "WKS-0042"}};
  const auto done = stand.world->run("kill_process", process, on_host);
  EXPECT_EQ(done.state, ActionState::succeeded) << done.detail;
  stand.vendor->with<lab::FalconLab>([](auto& lab) {
    EXPECT_EQ(lab.killed, std::vector<std::string>{"4242"});
    EXPECT_EQ(lab.sessions_open, 0);
    lab.stderr_says = "Cannot find a process with the process identifier 4242.";
  });
  const auto failed = stand.world->run("kill_process", process, on_host);
  EXPECT_EQ(failed.state, ActionState::failed) << failed.detail;
  stand.vendor->befall({.answer = {.status = 400}, .path = "/active-responder-command"});
  (void)stand.world->run("kill_process", process, on_host);
  EXPECT_EQ(stand.vendor->with<lab::FalconLab>([](auto& lab) { return lab.sessions_open; }), 0);
}

TEST(FalconManifest, AHostThatIsOfflineIsNotWaitedFor) {
  Stand stand{"edr/crowdstrike.yaml"};
  stand.vendor->with<lab::FalconLab>([](auto& lab) { lab.hosts_call_home = false; });
  const auto ran = stand.world->run(
      "kill_process", {.kind = "process", .value = "4242"}, {{"host", "WKS-0042"}});
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("not online"));
  EXPECT_EQ(stand.vendor->count("POST /real-time-response"), 0U);
}

TEST(DefenderManifest, AnIndicatorWithAnotherActionIsNeitherWrittenOverNorTakenAway) {
  Stand stand{"edr/defender.yaml"};
  stand.vendor->with<lab::DefenderLab>([](auto& lab) {
    lab.indicators["7"] = {{"id", "7"}, {"indicatorValue", "203.0.113.7"}, {"action", "Audit"}};
  });
  for (const auto* verb : {"add_ioc", "remove_ioc"})
    EXPECT_EQ(stand.world->run(verb, address).state, ActionState::failed) << verb;
  EXPECT_EQ(stand.vendor->count("POST /api/indicators"), 0U);
  EXPECT_EQ(stand.vendor->count("DELETE"), 0U);
}

TEST(DefenderManifest, AnIndicatorIsOfTheTypeThatItsTargetIs) {
  Stand stand{"edr/defender.yaml"};
  (void)stand.world->run("add_ioc", address);
  (void)stand.world->run("add_ioc", {.kind = "domain", .value = "evil.example"});
  stand.vendor->with<lab::DefenderLab>([](auto& lab) {
    EXPECT_EQ(lab::text_in(json::value(lab.indicators.at("100")), "indicatorType"), "IpAddress");
    EXPECT_EQ(lab::text_in(json::value(lab.indicators.at("101")), "indicatorType"), "DomainName");
  });
}

TEST(SentinelOneManifest, TheSameFileOnAnotherHostStaysWhereItIs) {
  Stand stand{"edr/sentinelone.yaml"};
  const auto ran =
      stand.world->run("quarantine_file",
                       {.kind = "hash", .value = "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
                       {{"host", "WKS-0042"}});
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  stand.vendor->with<lab::SentinelOneLab>([](auto& lab) {
    EXPECT_EQ(lab.threats[0].actions, std::vector<std::string>{"quarantine"});
    EXPECT_TRUE(lab.threats[1].actions.empty());
  });
}

TEST(CortexManifest, AnEndpointWithoutItsAgentIsRefusedBeforeTheRequest) {
  Stand stand{"edr/cortex_xdr.yaml"};
  const auto ran = stand.world->run("isolate_host", {.kind = "host", .value = "GONE"});
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("uninstalled"));
  EXPECT_EQ(stand.vendor->count("POST /public_api/v1/endpoints/isolate"), 0U);
}

TEST(CortexManifest, AnOrderThatEndsBadlyIsAnActionThatFailed) {
  Stand stand{"edr/cortex_xdr.yaml"};
  stand.vendor->with<lab::CortexLab>([](auto& lab) { lab.ends_as = "EXPIRED"; });
  const auto ran = stand.world->run("isolate_host", {.kind = "host", .value = "WKS-0042"});
  EXPECT_EQ(ran.state, ActionState::failed) << ran.detail;
}

TEST(LimaCharlieManifest, OnlyTheHostThatIsMeantIsIsolated) {
  Stand stand{"edr/limacharlie.yaml"};
  const auto ran = stand.world->run("isolate_host", {.kind = "host", .value = "WKS-0042"});
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  stand.vendor->with<lab::LimaCharlieLab>([](auto& lab) {
    EXPECT_TRUE(lab.sensors.at("11111111-0000-4000-8000-000000000001").isolated);
    EXPECT_FALSE(lab.sensors.at("11111111-0000-4000-8000-000000000002").wanted);
  });
}

TEST(ElasticManifest, TheProcessThatIsMeantIsEndedAndAnOrderThatFailsIsSaid) {
  Stand stand{"edr/elastic_defend.yaml"};
  const model::Target process{.kind = "process", .value = "MTIzNDU2"};
  (void)stand.world->run("kill_process", process, {{"host", "WKS-0042"}});
  stand.vendor->with<lab::ElasticDefendLab>([](auto& lab) {
    EXPECT_EQ(lab.endpoints.at("22222222-0000-4000-8000-000000000001").killed,
              std::vector<std::string>{"MTIzNDU2"});
    lab.succeeds = false;
  });
  const auto ran = stand.world->run("kill_process", process, {{"host", "WKS-0042"}});
  EXPECT_EQ(ran.state, ActionState::failed) << ran.detail;
}

TEST(WazuhManifest, AScriptRunsOnTheOneAgentThatIsMeant) {
  Stand stand{"edr/wazuh.yaml"};
  const auto ran = stand.world->run("isolate_host", {.kind = "host", .value = "WKS-0042"});
  (void)stand.world->roll_back(ran);
  (void)stand.world->run("block_ip", address);
  EXPECT_EQ(stand.vendor->with<lab::WazuhLab>([](auto& lab) { return lab.ran; }),
            (std::vector<std::string>{
                "001 !soc-isolate", "001 !soc-release", "003 !firewall-drop 203.0.113.7"}));
}

TEST(WazuhManifest, AnAgentThatIsNotConnectedIsRefusedBeforeTheRequest) {
  Stand stand{"edr/wazuh.yaml"};
  const auto ran = stand.world->run("isolate_host", {.kind = "host", .value = "WKS-0099"});
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("not connected"));
  EXPECT_EQ(stand.vendor->count("PUT"), 0U);
}

}  // namespace sallyport::connectors::manifest::testing
