#include "engine/act/timed.hpp"
#include "tests/connectors/manifest/stand.hpp"
#include "tools/lab/vendors/desks.hpp"
#include "tools/lab/vendors/firewalls.hpp"
#include "tools/lab/vendors/keycloak.hpp"
#include "tools/lab/vendors/microsoft.hpp"
#include "tools/lab/vendors/sentinelone.hpp"

#include <gmock/gmock.h>

#include <set>

// What every manifest must hold is tried by `sallyport connector test`
// (tests/connectors/CMakeLists.txt); here is what one product does that no other does.

namespace sallyport::connectors::manifest::testing {

using model::ActionState;
using ::testing::HasSubstr;

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
  EXPECT_FALSE(act::rollback_request(ran, {}));
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
  EXPECT_TRUE(act::ends_itself(ran));
}

TEST(PanosManifest, ATimeThatTheProductCannotKeepIsTheEnginesAndTheTagHasNone) {
  Stand stand{"firewall/panos.yaml"};
  for (const auto seconds : {5, 31'536'000}) {
    const auto address = fmt::format("203.0.113.{}", seconds % 250);
    const auto ran =
        stand.world->run("block_ip", {.kind = "ip", .value = address}, {{"duration_s", seconds}});
    EXPECT_EQ(ran.state, ActionState::verified) << ran.detail;
    EXPECT_TRUE(ran.ends_at);
    EXPECT_FALSE(act::ends_itself(ran));
  }
}

TEST(ManifestSamples, EveryOperationThatCanBeUndoneTakesEveryDurationOfTheCatalogue) {
  for (const auto& sample : conformance::samples()) {
    const auto* properties = catalogue().find(sample.verb)->parameters.if_contains("properties");
    if (!properties->as_object().contains("duration_s")) continue;
    const auto plan = plan_of(sample.manifest);
    if (plan->operations.at(sample.verb).undo.verb.empty()) continue;
    Stand stand{sample.manifest};
    const auto taken = [&](std::int64_t seconds) {
      act::Operation operation{.verb = sample.verb,
                               .target = sample.target,
                               .parameters = sample.parameters,
                               .idempotency_key = "01J",
                               .restore = {}};
      operation.parameters["duration_s"] = seconds;
      const auto ok = stand.connector->check(operation);
      return ok ? "taken" : ok.error().detail;
    };
    for (const std::int64_t seconds : {1, 86'400, 31'536'000})
      EXPECT_EQ(taken(seconds), "taken") << sample.manifest << ' ' << sample.verb;
    EXPECT_THAT(taken(0), HasSubstr("duration_s")) << sample.manifest;
    EXPECT_THAT(taken(31'536'001), HasSubstr("duration_s")) << sample.manifest;
  }
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

TEST(ManifestSamples, ThereIsOneForEveryOperationOfEveryShippedManifest) {
  std::set<std::pair<std::string, std::string>> tried;
  for (const auto& sample : conformance::samples()) {
    tried.emplace(sample.manifest, sample.verb);
    const auto plan = plan_of(sample.manifest);
    tried.emplace(sample.manifest, plan->operations.at(sample.verb).undo.verb);
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root / "connectors"}) {
    if (entry.path().extension() != ".yaml") continue;
    const auto file = std::filesystem::relative(entry.path(), root / "connectors").string();
    for (const auto& [verb, operation] : plan_of(file)->operations)
      EXPECT_TRUE(tried.contains({file, verb})) << file << ' ' << verb;
  }
}

namespace {

/// A value of a kind, of the form that the lab's vendors know.
model::Target target_of(const std::string& manifest, const std::string& kind) {
  for (const auto& sample : conformance::samples_of(manifest))
    if (sample.target.kind == kind) return sample.target;
  return {.kind = kind, .value = kind == "ip" ? "203.0.113.7" : "A-1"};
}

}  // namespace

// Google's sign-out ends sessions and leaves the tokens of applications: it may not claim more.
TEST(ManifestSamples, EveryManifestTakesTheParametersThatTheReasonerProposes) {
  const auto rules = config::Document::load(root / "config/reasoner.yaml").value();
  std::map<std::string, std::set<std::string>> refused;
  std::size_t tried = 0;
  for (const auto& product : conformance::products()) {
    auto options = product;
    if (product.manifest == "chat/slack.yaml" || product.manifest == "chat/matrix.yaml")
      options.options["channel"] = "C0SOC";
    if (product.manifest == "chat/mattermost.yaml")
      options.options["channel"] = "4xp9fdt77pncbef59f4k1qe83o";
    if (product.manifest == "ticket/jira.yaml") options.options["project"] = "SOC";
    const auto plan = plan_of(product.manifest);
    std::optional<Stand> stand;
    for (const auto& response : rules.root().at("responses").as_array()) {
      const std::string verb{response.at("action").as_string()};
      const std::string kind{response.at("target").at("kind").as_string()};
      const auto found = plan->operations.find(verb);
      const auto* parameters = response.as_object().if_contains("parameters");
      if (found == plan->operations.end() || !parameters) continue;
      if (!found->second.targets.contains(kind) && kind != "alert") continue;
      if (!stand) stand.emplace(options);
      ++tried;
      auto filled = parameters->as_object();
      for (auto& [name, value] : filled)
        if (value.is_string() && std::string_view{value.get_string()}.contains("${{"))
          value = "Ransomware";
      const auto taken = stand->connector->check({.verb = verb,
                                                  .target = target_of(product.manifest, kind),
                                                  .parameters = filled,
                                                  .idempotency_key = "01J",
                                                  .restore = {}});
      if (!taken) refused[product.manifest].insert(verb + ": " + taken.error().detail);
    }
  }
  EXPECT_GT(tried, 20U);
  EXPECT_EQ(refused.size(), 1U);
  refused.erase("idp/google_workspace.yaml");
  for (const auto& [manifest, why] : refused)
    for (const auto& one : why) ADD_FAILURE() << manifest << ' ' << one;
}

TEST(SlackManifest, AMessageAboutAnAlertGoesWhereTheOptionSays) {
  auto product = *conformance::product_of("chat/slack.yaml");
  const json::object message{{"message", "Malicious"}, {"severity", "high"}};
  {
    Stand stand{product};
    const auto ran = stand.world->run("notify", {.kind = "alert", .value = "A-1"}, message);
    EXPECT_EQ(ran.state, ActionState::failed);
    EXPECT_THAT(ran.detail, HasSubstr("options.channel"));
  }
  product.options["channel"] = "C0SOC";
  Stand stand{product};
  const auto ran = stand.world->run("notify", {.kind = "alert", .value = "A-1"}, message);
  EXPECT_EQ(ran.state, ActionState::succeeded) << ran.detail;
}

}  // namespace sallyport::connectors::manifest::testing
