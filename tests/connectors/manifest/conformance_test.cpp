#include "connectors/manifest/answer.hpp"
#include "engine/act/timed.hpp"
#include "tests/connectors/manifest/stand.hpp"
#include "tools/lab/vendors/desks.hpp"
#include "tools/lab/vendors/firewalls.hpp"
#include "tools/lab/vendors/keycloak.hpp"
#include "tools/lab/vendors/messengers.hpp"
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

TEST(BlockManifests, ADirectionIsItsOwnGroupWhereTheOperatorSaysWhichAndIsRefusedWhereNot) {
  struct Case {
    std::string manifest;
    std::string option;
    std::string inbound;
  };

  for (const auto& [manifest, option, inbound] :
       {Case{"firewall/opnsense.yaml", "alias_inbound", "soc_block_in"},
        Case{"firewall/panos.yaml", "tag_inbound", "soc-block-in"},
        Case{"firewall/checkpoint.yaml", "group_inbound", "soc-block-in"}}) {
    const model::Target target{.kind = "ip", .value = "203.0.113.7"};
    const json::object parameters{{"direction", "inbound"}};
    {
      Stand stand{manifest};
      const auto refused =
          stand.connector->check({.verb = "block_ip", .target = target, .parameters = parameters});
      ASSERT_FALSE(refused) << manifest;
      EXPECT_THAT(refused.error().detail, HasSubstr("`direction` \"inbound\" of"));
      EXPECT_THAT(refused.error().detail, HasSubstr("options." + option + ", which is not set"));
      EXPECT_TRUE(stand.vendor->requests().empty());
    }
    auto product = *conformance::product_of(manifest);
    product.options[option] = inbound;
    Stand stand{product};
    const auto ran = stand.world->run("block_ip", target, parameters);
    EXPECT_EQ(ran.state, ActionState::verified) << manifest << ": " << ran.detail;
    // Of the other group nothing is known by that, and it is not touched.
    const auto both = stand.world->run("block_ip", target);
    EXPECT_EQ(both.state, ActionState::verified) << manifest << ": " << both.detail;
    EXPECT_TRUE(act::rollback_request(both, {})) << manifest;
    EXPECT_EQ(stand.world->roll_back(ran).state, ActionState::verified) << manifest;
    EXPECT_FALSE(act::rollback_request(stand.world->run("block_ip", target), {})) << manifest;
  }
}

TEST(BlockManifests, ADirectionThatTheProductCannotKeepIsRefusedByNameBeforeAnyRequest) {
  for (const auto* manifest : {"firewall/aws_waf.yaml",
                               "firewall/cloudflare.yaml",
                               "firewall/fortigate.yaml",
                               "edr/wazuh.yaml"}) {
    Stand stand{manifest};
    const auto check = [&](std::string_view direction) {
      return stand.connector->check({.verb = "block_ip",
                                     .target = {.kind = "ip", .value = "203.0.113.7"},
                                     .parameters = {{"direction", direction}}});
    };
    EXPECT_TRUE(check("inbound")) << manifest;
    for (const auto* other : {"outbound", "both"}) {
      const auto refused = check(other);
      ASSERT_FALSE(refused) << manifest << ' ' << other;
      EXPECT_THAT(refused.error().detail,
                  HasSubstr("`direction` of " + stand.connector->plan().connector.title +
                            " is always \"inbound\""));
    }
    EXPECT_TRUE(stand.vendor->requests().empty());
  }
}

TEST(OpenC2Manifest, TheConsumerIsToldTheDirection) {
  Stand stand{"firewall/openc2.yaml"};
  const model::Target target{.kind = "ip", .value = "203.0.113.7"};
  for (const auto& [ours, theirs] : {std::pair{"inbound", "ingress"},
                                     std::pair{"outbound", "egress"},
                                     std::pair{"both", "both"}}) {
    const auto ran = stand.world->run("block_ip", target, {{"direction", ours}});
    EXPECT_EQ(ran.state, ActionState::succeeded) << ran.detail;
    EXPECT_EQ(stand.vendor->with<lab::OpenC2Lab>(
                  [](auto& lab) { return lab.directions.at("203.0.113.7/32"); }),
              theirs);
    // Undone in the same direction.
    const auto undo = act::rollback_request(ran, {});
    ASSERT_TRUE(undo);
    EXPECT_EQ(undo->parameters.at("direction"), ours);
  }
}

TEST(ManifestAnswers, WhatAsksForAPauseMayNameAMoment) {
  const auto plan = plan_of("firewall/fortigate.yaml");
  const auto& step = plan->operations.at("block_ip").act.front();
  const auto asked = [&](std::string after) {
    const auto record = with_answer(json::object{},
                                    {.status = 429, .headers = {{"Retry-After", std::move(after)}}},
                                    Accept::json);
    return judge(*plan, step, record, *parse_rfc3339("2026-11-20T12:00:00Z")).retry_after;
  };
  EXPECT_EQ(asked("30"), std::chrono::seconds{30});
  EXPECT_EQ(asked("Fri, 20 Nov 2026 12:00:30 GMT"), std::chrono::seconds{30});
  EXPECT_EQ(asked("Fri, 20 Nov 2026 11:00:00 GMT"), std::chrono::seconds{0});
  EXPECT_EQ(asked("soon"), std::nullopt);
}

TEST(ManifestLimits, TheOperatorsGoBeforeTheManifests) {
  const auto made = [](std::vector<LimitSpec> limits, std::uint32_t concurrency) {
    const SystemClock clock;
    Loop loop;
    auto config = Config{.name = "product",
                         .base_url = "https://product.example",
                         .secrets = {{"api_token", "env:SALLYPORT_TEST_ANY"}},
                         .allow = {"product.example"},
                         .limits = std::move(limits),
                         .concurrency = concurrency};
    ::setenv("SALLYPORT_TEST_ANY", "a secret of nobody", 1);
    const auto connector = Connector::make(plan_of("firewall/fortigate.yaml"),
                                           std::move(config),
                                           std::make_shared<KnownPlaces>(),
                                           clock,
                                           loop.executor());
    return connector ? std::string{"made"} : connector.error().detail;
  };
  EXPECT_EQ(made({{.requests = 1, .per_s = 60}}, 1), "made");
  EXPECT_EQ(made({}, 0), "made");
  EXPECT_THAT(made({{.requests = 0, .per_s = 60}}, 1), HasSubstr("limits: requests is at least 1"));
  EXPECT_THAT(made({{.requests = 1, .per_s = 90'000}}, 1), HasSubstr("per_s from 1 to 86400"));
  EXPECT_THAT(made({}, 65), HasSubstr("concurrency: goes from 1 to 64"));

  Stand stand{*conformance::product_of("firewall/fortigate.yaml"),
              {{.requests = 2, .per_s = 3600}}};
  const auto deadline = Deadline::in(std::chrono::seconds{2});
  const act::Operation block{.verb = "block_ip", .target = {.kind = "ip", .value = "203.0.113.7"}};
  EXPECT_TRUE(wait(stand.connector->read(block, deadline)));
  EXPECT_TRUE(wait(stand.connector->read(block, deadline)));
  const auto third = wait(stand.connector->read(block, deadline));
  ASSERT_FALSE(third);
  EXPECT_THAT(third.error().detail, HasSubstr("rate limit leaves no room in time"));
  EXPECT_EQ(stand.vendor->requests().size(), 2U);
}

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
