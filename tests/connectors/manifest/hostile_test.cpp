#include "tests/connectors/manifest/world.hpp"
#include "tools/lab/vendors/falcon.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::manifest::testing {

namespace {

/// Text that means something to somebody it was not written for.
const std::vector<std::string> hostile{
    "",
    " ",
    "' or '1'='1",
    "x'+device_id:*+hostname:'y",
    "10.0.0.1 or 1=1",
    "\"}],\"ids\":[\"*\"",
    "<entry name='x'/>",
    "]]><!--",
    "&amp;&xxe;",
    "a\r\nX-Evil: 1",
    "a\nb",
    std::string{"a\0b", 3},
    "../../admin",
    "..",
    ".",
    "%2e%2e%2fadmin",
    "a/b",
    "a?b=c",
    "a#b",
    "a;b",
    "*",
    "${{ secret.client_secret }}",
    "${secret}",
    "{{7*7}}",
    "{% raw %}",
    "WKS\xD0\x90",            // a Cyrillic A
    "p\xC3\xA0ypal.example",  // an IDN look-alike
    "wks\xE2\x80\xAE"
    "0042",      // right-to-left override
    "\xFF\xFE",  // no UTF-8
    "$(id)",
    "`id`",
    "|id",
    std::string(5000, 'a'),
};

const std::vector<std::string> hostile_networks{"0.0.0.0/0",
                                                "::/0",
                                                "0.0.0.0",
                                                "127.0.0.1",
                                                "::1",
                                                "::ffff:127.0.0.1",
                                                "169.254.169.254",
                                                "fe80::1",
                                                "224.0.0.1",
                                                "255.255.255.255",
                                                "10.0.0.0/8",
                                                "10.1",
                                                "0x7f000001",
                                                "2130706433",
                                                "010.0.0.1",
                                                "1.2.3.4/32 ",
                                                "1.2.3.4:80",
                                                "fe80::1%eth0",
                                                "example.org"};

/// Every connector of the tree, for a product that is never reached.
std::vector<std::shared_ptr<Connector>> all(const Clock& clock,
                                            const asio::any_io_executor& executor) {
  std::vector<std::shared_ptr<Connector>> connectors;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root / "connectors"}) {
    if (entry.path().extension() != ".yaml") continue;
    const auto plan = load(entry.path(), catalogue()).value();
    Config config{.name = "product", .base_url = "https://product.example"};
    config.allow = {"product.example"};
    ::setenv("SALLYPORT_TEST_ANY", "a secret of nobody", 1);
    for (const auto& secret : plan->secrets) config.secrets[secret] = "env:SALLYPORT_TEST_ANY";
    for (const auto& [name, endpoint] : plan->endpoints)
      if (name != "api" && endpoint.url.empty()) config.endpoints[name] = "https://product.example";
    for (const auto& [name, option] : plan->options) {
      if (!option.needed) continue;
      const auto uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
      config.options[name] = option.type == ValueType::uuid    ? json::value(uuid)
                             : option.type == ValueType::email ? json::value("soc@acme.example")
                             : option.type == ValueType::choice
                                 ? json::value(option.values.as_array()[0])
                                 : json::value("sample");
    }
    auto made = Connector::make(plan, config, std::make_shared<KnownPlaces>(), clock, executor);
    EXPECT_TRUE(made) << entry.path() << ": " << made.error().detail;
    if (made) connectors.push_back(*made);
  }
  return connectors;
}

}  // namespace

TEST(HostileParameters, NoOperationOfAnyManifestTakesAHostileTarget) {
  const SystemClock clock;
  Loop loop;
  std::size_t n = 0;
  for (const auto& connector : all(clock, loop.executor())) {
    for (const auto& [verb, operation] : connector->plan().operations) {
      for (const auto& [kind, spec] : operation.targets) {
        if (!is_closed(spec.type)) continue;
        auto values = hostile;
        if (spec.type == ValueType::ip || spec.type == ValueType::network)
          values.insert(values.end(), hostile_networks.begin(), hostile_networks.end());
        for (const auto& value : values) {
          ++n;
          EXPECT_FALSE(connector->check({.verb = verb, .target = {.kind = kind, .value = value}}))
              << connector->plan().connector.id << ' ' << verb << ' ' << kind << " took '" << value
              << "'";
        }
      }
    }
  }
  EXPECT_GT(n, hostile.size());
}

TEST(HostileParameters, NoOperationTakesAParameterThatItDoesNotKnowOrAReasonWithSyntax) {
  const SystemClock clock;
  Loop loop;
  for (const auto& connector : all(clock, loop.executor())) {
    for (const auto& [verb, operation] : connector->plan().operations) {
      const auto refused = [&](json::object parameters) {
        const auto& kind = operation.targets.begin()->first;
        EXPECT_FALSE(connector->check({.verb = verb,
                                       .target = {.kind = kind, .value = "sample"},
                                       .parameters = std::move(parameters)}))
            << connector->plan().connector.id << ' ' << verb;
      };
      refused({{"filter", "*"}});
      for (const auto& text : hostile) {
        if (text == " " || text == "10.0.0.1 or 1=1" || text == "../../admin" || text == ".." ||
            text == "." || text == "a/b" || text == "a#b")
          continue;  // a sentence may hold these; it is never more than a sentence
        refused({{"reason", text}});
      }
    }
  }
}

TEST(HostileParameters, NothingIsSentForAHostileTargetAlsoWhenTheCheckIsLeftOut) {
  Setting<lab::FalconLab> falcon{
      "edr/crowdstrike.yaml",
      {{"client_id", "lab-client"}, {"client_secret", "lab-client-secret"}}};
  for (const auto& value : hostile) {
    const act::Operation operation{.verb = "isolate_host",
                                   .target = {.kind = "host", .value = value}};
    EXPECT_FALSE(wait(falcon.connector->read(operation, Deadline::in(std::chrono::seconds{5}))));
    EXPECT_FALSE(wait(falcon.connector->execute(operation, Deadline::in(std::chrono::seconds{5}))));
  }
  EXPECT_TRUE(falcon.vendor->requests().empty());
}

TEST(HostileParameters, AnIdOfTheProductsThatIsNoIdIsNotUsed) {
  Setting<lab::FalconLab> falcon{
      "edr/crowdstrike.yaml",
      {{"client_id", "lab-client"}, {"client_secret", "lab-client-secret"}}};
  falcon.vendor->befall({.answer = {.status = 200,
                                    .headers = {{"Content-Type", "application/json"}},
                                    .body = R"({"resources":["../../oauth2/revoke"],"errors":[]})"},
                         .path = "/devices/queries",
                         .times = 9});
  const auto ran = falcon.world->run("isolate_host", {.kind = "host", .value = "WKS-0042"});
  EXPECT_EQ(ran.state, model::ActionState::failed);
  EXPECT_THAT(ran.detail, ::testing::HasSubstr("the product's device_id"));
}

TEST(HostileParameters, WhatTheOperatorNamedIsNeverTouchedButMayBeGivenBack) {
  const SystemClock clock;
  Loop loop;
  ::setenv("SALLYPORT_TEST_ANY", "a secret of nobody", 1);
  const Config config{.base_url = "https://acme.okta.com",
                      .secrets = {{"api_token", "env:SALLYPORT_TEST_ANY"}},
                      .never = {"ceo@acme.example"}};
  const auto okta = Connector::make(
      plan_of("idp/okta.yaml"), config, std::make_shared<KnownPlaces>(), clock, loop.executor());
  ASSERT_TRUE(okta) << okta.error().detail;
  const model::Target ceo{.kind = "user", .value = "CEO@acme.example"};
  const auto refused = (*okta)->check({.verb = "disable_user", .target = ceo});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_TRUE((*okta)->check({.verb = "enable_user", .target = ceo}));
}

}  // namespace sallyport::connectors::manifest::testing
