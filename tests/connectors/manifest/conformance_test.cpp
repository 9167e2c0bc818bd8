#include "tests/connectors/manifest/products.hpp"

#include <gmock/gmock.h>

#include <set>

namespace sallyport::connectors::manifest::testing {

using model::ActionState;
using model::OutcomeStatus;
using ::testing::HasSubstr;

namespace {

/// One operation of one manifest, tried through the executor against the lab.
struct Row {
  std::string manifest;
  std::string verb;
  model::Target target;
  json::object parameters{};
};

std::string named(const ::testing::TestParamInfo<Row>& info) {
  auto name = info.param.manifest + "_" + info.param.verb;
  for (char& c : name)
    if (c == '/' || c == '.') c = '_';
  return name;
}

const std::vector<Row>& rows() {
  static const model::Target host{.kind = "host", .value = "WKS-0042"};
  static const model::Target device{.kind = "host", .value = "wks-0042.acme.example"};
  static const model::Target mail{.kind = "user", .value = "alice@acme.example"};
  static const model::Target user{.kind = "user", .value = "alice"};
  static const model::Target ip{.kind = "ip", .value = "203.0.113.7"};
  static const std::vector<Row> all{
      {"edr/crowdstrike.yaml", "isolate_host", host},
      {"edr/defender.yaml", "isolate_host", device},
      {"edr/defender.yaml", "scan_host", device, {{"depth", "full"}}},
      {"edr/sentinelone.yaml", "isolate_host", host},
      {"idp/okta.yaml", "disable_user", mail},
      {"idp/okta.yaml", "revoke_sessions", mail},
      {"idp/entra.yaml", "disable_user", mail},
      {"idp/entra.yaml", "revoke_sessions", mail},
      {"idp/keycloak.yaml", "disable_user", user},
      {"idp/keycloak.yaml", "revoke_sessions", user},
      {"idp/keycloak.yaml", "force_mfa", user},
      {"firewall/panos.yaml", "block_ip", ip},
      {"firewall/fortigate.yaml", "block_ip", ip},
      {"firewall/opnsense.yaml", "block_ip", ip},
      {"firewall/cloudflare.yaml", "block_ip", ip},
      {"ticket/servicenow.yaml",
       "create_ticket",
       {.kind = "investigation", .value = "01J0000000000000000000000"},
       {{"title", "Ransomware on WKS-0042"}, {"body", "line 1\nline 2"}, {"priority", "high"}}},
      {"ticket/servicenow.yaml",
       "update_ticket",
       {.kind = "ticket", .value = "INC0000001"},
       {{"body", "host isolated"}}},
      {"ticket/jira.yaml",
       "create_ticket",
       {.kind = "project", .value = "SOC"},
       {{"title", "Ransomware \"lockbit\" on WKS-0042"}}},
      {"ticket/jira.yaml",
       "update_ticket",
       {.kind = "ticket", .value = "SOC-1"},
       {{"body", "host isolated"}}},
      {"paging/pagerduty.yaml",
       "page",
       {.kind = "service", .value = "soc"},
       {{"message", "Ransomware on WKS-0042"}, {"urgency", "high"}}},
      {"chat/slack.yaml",
       "notify",
       {.kind = "channel", .value = "C0SOC"},
       {{"message", "<!channel> & more"}}},
  };
  return all;
}

class ManifestConformance : public ::testing::TestWithParam<Row> {
 protected:
  model::Action run() {
    return stand_.world->run(GetParam().verb, GetParam().target, GetParam().parameters);
  }

  [[nodiscard]] const OperationPlan& plan() const {
    return stand_.connector->plan().operations.at(GetParam().verb);
  }

  [[nodiscard]] bool is_verifiable() const { return plan().in_effect.has_value(); }

  void befall(http::Response answer, unsigned times = 99) {
    stand_.vendor->befall({.answer = std::move(answer), .times = times});
  }

  /// What the act's first request is called, to be told from reads.
  [[nodiscard]] std::string acts_method() const {
    return std::string{name_of(plan().act.front().request.method)};
  }

  Stand stand_{product_of(GetParam().manifest)};
};

}  // namespace

TEST_P(ManifestConformance, DoesItAndReadsItBack) {
  const auto ran = run();
  EXPECT_EQ(ran.state, is_verifiable() ? ActionState::verified : ActionState::succeeded)
      << ran.detail << (ran.outcome ? ran.outcome->detail : "");
  EXPECT_EQ(ran.outcome->status, OutcomeStatus::succeeded);
}

TEST_P(ManifestConformance, RepeatedItIsInEffectAndNothingIsSent) {
  if (!is_verifiable() || GetParam().verb == "create_ticket")
    GTEST_SKIP() << "nothing tells one from the other";
  (void)run();
  stand_.world->run(GetParam().verb, GetParam().target, GetParam().parameters);
  const auto again = run();
  EXPECT_EQ(again.state, ActionState::verified) << again.detail;
  EXPECT_EQ(again.outcome->status, OutcomeStatus::already_done);
}

TEST_P(ManifestConformance, WithOneKeyItIsDoneOnceHoweverOftenItIsExecuted) {
  if (!is_verifiable()) GTEST_SKIP() << "the product cannot say";
  const act::Operation operation{.verb = GetParam().verb,
                                 .target = GetParam().target,
                                 .parameters = GetParam().parameters,
                                 .idempotency_key = "01J0000000000000000000001"};
  const auto deadline = Deadline::in(std::chrono::seconds{10});
  const auto first = wait(stand_.connector->execute(operation, deadline));
  ASSERT_TRUE(first) << first.error().detail;
  // Until the product shows it.
  for (int i = 0; i < 5; ++i) (void)wait(stand_.connector->read(operation, deadline));
  const auto second = wait(stand_.connector->execute(operation, deadline));
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(second->status, OutcomeStatus::already_done);
}

TEST_P(ManifestConformance, RollsBackAndVerifiesThatOrSaysWhyNot) {
  const auto ran = run();
  if (plan().undo.verb.empty()) {
    const auto undo =
        stand_.world->executor->rollback_request(ran, {.kind = "analyst", .id = "alice"});
    ASSERT_FALSE(undo);
    EXPECT_THAT(undo.error().detail, HasSubstr(plan().undo.none));
    return;
  }
  const auto undone = stand_.world->roll_back(ran);
  EXPECT_EQ(undone.state, ActionState::verified) << undone.detail;
  EXPECT_EQ(stand_.world->stored(ran).state, ActionState::rolled_back);
  // And again, from the state that was there before.
  EXPECT_EQ(run().state, ActionState::verified);
}

TEST_P(ManifestConformance, AServerThatIsDownChangesNothingAndIsSaid) {
  befall({.status = 503});
  const auto ran = run();
  EXPECT_NE(ran.state, ActionState::verified);
  EXPECT_NE(ran.state, ActionState::succeeded);
}

TEST_P(ManifestConformance, WhoMayNotIsRefusedWithAReason) {
  befall({.status = 403});
  const auto ran = run();
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_FALSE(ran.detail.empty());
}

TEST_P(ManifestConformance, ACredentialThatIsNotTakenIsRefused) {
  befall({.status = 401});
  EXPECT_EQ(run().state, ActionState::failed);
}

TEST_P(ManifestConformance, AMomentOfRateLimitIsWaitedFor) {
  befall({.status = 429, .headers = {{"Retry-After", "0"}}}, 1);
  const auto ran = run();
  EXPECT_EQ(ran.state, is_verifiable() ? ActionState::verified : ActionState::succeeded)
      << ran.detail;
}

TEST_P(ManifestConformance, GarbageIsNeverTakenForSuccess) {
  befall(
      {.status = 200, .headers = {{"Content-Type", "text/html"}}, .body = "<html>welcome</html"});
  const auto ran = run();
  EXPECT_NE(ran.state, ActionState::verified);
  EXPECT_NE(ran.state, ActionState::succeeded);
}

TEST_P(ManifestConformance, ALostAnswerNeverMakesItHappenTwiceNorIsItCalledFailed) {
  stand_.vendor->befall(
      {.kind = lab::Mishap::Kind::lost_answer, .method = acts_method(), .path = [&] {
         const auto& segments = plan().act.front().request.segments;
         return segments.empty() ? std::string{} : segments.back().pieces().front().literal;
       }()});
  const auto ran = run();
  if (is_verifiable()) {
    EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  } else {
    EXPECT_TRUE(ran.state == ActionState::unknown || ran.state == ActionState::succeeded)
        << ran.detail;
  }
}

TEST_P(ManifestConformance, NoSecretIsInAnyRecord) {
  befall(
      {.status = 400,
       .headers = {{"Content-Type", "application/json"}},
       .body =
           R"({"error":"no","errorSummary":"lab-client-secret lab-okta-token lab-s1-token lab-password",
                      "errors":["lab-routing-key lab-jira-token"],"message":"lab-secret"})"});
  const auto text = to_json(run());
  for (const auto& [name, secret] : product_of(GetParam().manifest).secrets)
    if (name != "user" && name != "key" && name != "client_id")
      EXPECT_EQ(text.find(secret), std::string::npos) << name;
}

INSTANTIATE_TEST_SUITE_P(Lab, ManifestConformance, ::testing::ValuesIn(rows()), named);

TEST(DefenderManifest, AnActionThatDoesNotEndAfterALostAnswerStaysOpenForAPerson) {
  Stand stand{"edr/defender.yaml"};
  stand.vendor->with<lab::DefenderLab>([](auto& lab) { lab.ends_as = "Pending"; });
  stand.vendor->befall(
      {.kind = lab::Mishap::Kind::lost_answer, .method = "POST", .path = "/isolate"});
  const auto ran =
      stand.world->run("isolate_host", {.kind = "host", .value = "wks-0042.acme.example"});
  EXPECT_EQ(ran.state, ActionState::unknown) << ran.detail;
  EXPECT_EQ(stand.vendor->count("POST /api/machines"), 1U);
}

TEST(DefenderManifest, AJobThatFailsIsAnActionThatFailed) {
  Stand stand{"edr/defender.yaml"};
  stand.vendor->with<lab::DefenderLab>([](auto& lab) { lab.ends_as = "Failed"; });
  const auto ran =
      stand.world->run("isolate_host", {.kind = "host", .value = "wks-0042.acme.example"});
  EXPECT_EQ(ran.state, ActionState::failed) << ran.detail;
  EXPECT_THAT(ran.detail, HasSubstr("job failed"));
}

TEST(PanosManifest, AnAddressThatWasTaggedMeanwhileIsSuccessAndNothingToUndo) {
  Stand stand{"firewall/panos.yaml"};
  stand.vendor->with<lab::PanosLab>([](auto& lab) { lab.tags["203.0.113.7"] = {"soc-block"}; });
  const auto ran = stand.world->run("block_ip", {.kind = "ip", .value = "203.0.113.7"});
  EXPECT_EQ(ran.state, ActionState::verified);
  EXPECT_FALSE(stand.world->executor->rollback_request(ran, {}));
}

TEST(PanosManifest, AnExpiredKeyIsRenewedOnce) {
  Stand stand{"firewall/panos.yaml"};
  (void)stand.world->run("block_ip", {.kind = "ip", .value = "203.0.113.7"});
  stand.vendor->with<lab::PanosLab>([](auto& lab) { lab.key_valid = false; });
  const auto ran = stand.world->run("block_ip", {.kind = "ip", .value = "203.0.113.8"});
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(stand.vendor->with<lab::PanosLab>([](auto& lab) { return lab.keys_given; }), 2);
}

TEST(PanosManifest, ATimedBlockSaysWhenItEnds) {
  Stand stand{"firewall/panos.yaml"};
  const auto ran =
      stand.world->run("block_ip", {.kind = "ip", .value = "203.0.113.7"}, {{"duration_s", 600}});
  EXPECT_TRUE(ran.ends_at);
  const auto endless =
      stand.world->run("block_ip", {.kind = "ip", .value = "203.0.113.9"}, {{"duration_s", 5}});
  EXPECT_EQ(endless.state, ActionState::failed) << "shorter than the product can";
}

TEST(SentinelOneManifest, OnlyTheHostThatIsMeantIsDisconnected) {
  Stand stand{"edr/sentinelone.yaml"};
  const auto ran = stand.world->run("isolate_host", {.kind = "host", .value = "WKS-0042"});
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  stand.vendor->with<lab::SentinelOneLab>([](auto& lab) {
    EXPECT_EQ(lab.agent("WKS-0042").network, "disconnected");
    EXPECT_EQ(lab.agent("WKS-0042-OLD").network, "connected");
    EXPECT_EQ(lab.agent("SRV-1").network, "connected");
  });
}

TEST(KeycloakManifest, WhatWasDemandedOfAUserBeforeIsKept) {
  Stand stand{"idp/keycloak.yaml"};
  (void)stand.world->run("force_mfa", {.kind = "user", .value = "alice"});
  stand.vendor->with<lab::KeycloakLab>([](auto& lab) {
    EXPECT_EQ(lab.user("alice").required_actions,
              (json::array{"UPDATE_PASSWORD", "CONFIGURE_TOTP"}));
  });
}

TEST(EntraManifest, AnAccountThatIsMasteredOnPremisesIsRefusedBeforeTheRequest) {
  Stand stand{"idp/entra.yaml"};
  const auto ran =
      stand.world->run("disable_user", {.kind = "user", .value = "onprem@acme.example"});
  EXPECT_EQ(ran.state, ActionState::failed);
  EXPECT_THAT(ran.detail, HasSubstr("on premises"));
  EXPECT_EQ(stand.vendor->count("PATCH"), 0U);
}

TEST(ServiceNowManifest, ATicketWhoseAnswerWasLostIsFoundByOurKeyAndNotOpenedTwice) {
  Stand stand{"ticket/servicenow.yaml"};
  stand.vendor->befall({.kind = lab::Mishap::Kind::lost_answer, .method = "POST"});
  const auto ran = stand.world->run(
      "create_ticket", {.kind = "alert", .value = "A-1"}, {{"title", "Ransomware"}});
  EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
  EXPECT_EQ(stand.vendor->with<lab::ServiceNowLab>([](auto& lab) { return lab.incidents.size(); }),
            2U);
}

TEST(ManifestConformanceTable, TriesEveryOperationOfEveryShippedManifest) {
  std::set<std::pair<std::string, std::string>> tried;
  for (const auto& row : rows()) {
    tried.emplace(row.manifest, row.verb);
    const auto plan = plan_of(row.manifest);
    tried.emplace(row.manifest, plan->operations.at(row.verb).undo.verb);
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root / "connectors"}) {
    if (entry.path().extension() != ".yaml") continue;
    const auto file = std::filesystem::relative(entry.path(), root / "connectors").string();
    for (const auto& [verb, operation] : plan_of(file)->operations)
      EXPECT_TRUE(tried.contains({file, verb})) << file << ' ' << verb;
  }
}

}  // namespace sallyport::connectors::manifest::testing
