#include "connectors/manifest/address_guard.hpp"

#include "tests/connectors/manifest/world.hpp"
#include "tools/conformance/products.hpp"
#include "tools/lab/vendors/okta.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::manifest::testing {

using ::testing::HasSubstr;

namespace {

boost::asio::ip::address address(const char* text) {
  return boost::asio::ip::make_address(text);
}

}  // namespace

TEST(AddressGuard, KeepsFromLoopbackLinkLocalAndMetadataInEveryDisguise) {
  const auto guard = AddressGuard::make({}).value();
  for (const auto* text : {"127.0.0.1",
                           "127.9.9.9",
                           "0.0.0.0",
                           "169.254.169.254",
                           "100.100.100.200",
                           "168.63.129.16",
                           "192.0.0.192",
                           "224.0.0.1",
                           "255.255.255.255",
                           "::1",
                           "::",
                           "fe80::1",
                           "fd00:ec2::254",
                           "::ffff:127.0.0.1",
                           "::ffff:169.254.169.254",
                           "64:ff9b::a9fe:a9fe",
                           "2002:a9fe:a9fe::1",
                           "64:ff9b:1::a9fe:a9fe",
                           "2001:0:a9fe:a9fe::1",
                           "::ffff:0:169.254.169.254",
                           "2001:db8::5efe:7f00:1",
                           "2001:db8::200:5efe:a9fe:a9fe",
                           "fd00:ec2::23",
                           "fd20:ce::254",
                           "fd00:c1::a9fe:a9fe",
                           "::127.0.0.1"})
    EXPECT_FALSE(guard.may_connect("product.example", address(text))) << text;
}

TEST(AddressGuard, AsksAProxyForNoAddressThatItWouldNotConnectToHoweverItIsSpelt) {
  const auto guard = AddressGuard::make({"named.localhost"}).value();
  for (const auto* host : {"127.0.0.1",
                           "127.0.0.1.",
                           "127.1",
                           "2130706433",
                           "0x7f000001",
                           "0X7F.0.0.1",
                           "017700000001",
                           "0177.0.0.01",
                           "2852039166",
                           "0xa9fea9fe",
                           "169.254.43518",
                           "0251.0376.0251.0376",
                           "0",
                           "127.0.0.256",
                           "::1",
                           "::ffff:169.254.169.254",
                           "64:ff9b::7f00:1",
                           "fe80::1%1",
                           "localhost",
                           "LOCALHOST.",
                           "evil.localhost",
                           "metadata.google.internal"})
    EXPECT_FALSE(guard.may_ask_for(host)) << host;
  for (const auto* host :
       {"203.0.113.7", "10.0.0.5", "product.example", "named.localhost", "7.example"})
    EXPECT_TRUE(guard.may_ask_for(host)) << host;
}

TEST(AddressGuard, LetsPrivateAndPublicAddressesPass) {
  const auto guard = AddressGuard::make({}).value();
  for (const auto* text : {"10.0.0.5", "192.168.1.1", "203.0.113.7", "2001:db8::1", "fd77::1"})
    EXPECT_TRUE(guard.may_connect("product.example", address(text))) << text;
}

TEST(AddressGuard, WhatTheOperatorNamesIsReachedAndNothingElse) {
  const auto guard = AddressGuard::make({"lab.example", "169.254.10.0/24"}).value();
  EXPECT_TRUE(guard.may_connect("LAB.example", address("127.0.0.1")));
  EXPECT_FALSE(guard.may_connect("lab.example.evil.example", address("127.0.0.1")));
  EXPECT_TRUE(guard.may_connect("other.example", address("169.254.10.9")));
  EXPECT_FALSE(guard.may_connect("other.example", address("169.254.169.254")));
}

TEST(AddressGuard, RefusesWhatIsNoNameAndNoNetwork) {
  for (const auto* text : {"", "*.example.org", "https://x", "a b/8"})
    EXPECT_FALSE(AddressGuard::make({text})) << text;
}

TEST(Wire, AProductOnLoopbackIsNotReachedUntilItIsNamed) {
  Setting<lab::OktaLab> okta{"idp/okta.yaml", {{"api_token", "lab-okta-token"}}};
  auto config = lab_config(*okta.vendor, {{"api_token", "lab-okta-token"}});
  config.allow = {};
  const auto make = [&] {
    return Connector::make(plan_of("idp/okta.yaml"),
                           config,
                           std::make_shared<KnownPlaces>(),
                           okta.clock,
                           okta.loop.executor());
  };
  EXPECT_FALSE(make());
  // A name of the product's that leads home: the address that is connected to decides.
  config.base_url = "https://localhost:1";
  config.allow = {"127.0.0.9"};
  EXPECT_FALSE(make());
}

/// What reading the state comes to where the operator's URL of the product is `url`.
Error refusal_at(const std::string& url, const std::string& proxy = {}) {
  const SystemClock clock;
  Loop loop;
  ::setenv("SALLYPORT_TEST_ANY", "a secret of nobody", 1);
  const Config config{
      .base_url = url,
      .options = {{"alias", "soc_block"}},
      .secrets = {{"key", "env:SALLYPORT_TEST_ANY"}, {"secret", "env:SALLYPORT_TEST_ANY"}},
      .proxy = proxy};
  const auto connector = Connector::make(plan_of("firewall/opnsense.yaml"),
                                         config,
                                         std::make_shared<KnownPlaces>(),
                                         clock,
                                         loop.executor());
  if (!connector) return connector.error();
  const auto read =
      wait((*connector)
               ->read({.verb = "block_ip", .target = {.kind = "ip", .value = "203.0.113.7"}},
                      Deadline::in(std::chrono::seconds{5})));
  return read ? Error{} : read.error();
}

TEST(Wire, NoSpellingOfAnAddressLeadsToTheMachineItselfOrToMetadata) {
  for (const auto* host : {"127.0.0.1",
                           "127.1",
                           "2130706433",
                           "0x7f000001",
                           "0177.0.0.1",
                           "0",
                           "2852039166",
                           "169.254.43518",
                           "[::1]",
                           "[::ffff:127.0.0.1]",
                           "[64:ff9b::a9fe:a9fe]",
                           "localhost",
                           "LOCALHOST",
                           "0.0.0.0",
                           "127.255.255.254",
                           "0x7F.0x0.0x0.0x1",
                           "0x7f.1",
                           "00000177.1",
                           "017700000001",
                           "0xa9fea9fe",
                           "0251.0376.0251.0376",
                           "100.100.100.200",
                           "1684301000",
                           "168.63.129.16",
                           "192.0.0.192",
                           "[::]",
                           "[0:0:0:0:0:0:0:1]",
                           "[::127.0.0.1]",
                           "[::ffff:7f00:1]",
                           "[::FFFF:A9FE:A9FE]",
                           "[::ffff:0:127.0.0.1]",
                           "[64:ff9b:1::7f00:1]",
                           "[2002:7f00:1::]",
                           "[2001:0:7f00:1::]",
                           "[2001:db8::5efe:127.0.0.1]",
                           "[fd00:ec2::254]"}) {
    const auto refused = refusal_at(fmt::format("https://{}:1", host));
    EXPECT_EQ(refused.code, Errc::denied) << host << ": " << refused.detail;
    EXPECT_THAT(refused.detail, HasSubstr("`allow`")) << host;
  }
}

TEST(Wire, NoUrlHidesAnotherHostBehindTheOneThatItShows) {
  for (const auto* url : {"https://product.example@127.0.0.1:1",
                          "https://127.0.0.1:1#@product.example",
                          "https://product.example:x@127.0.0.1:1",
                          "https://127.0.0.1:1\\\\@product.example",
                          "https://127.0.0.1\t:1",
                          "https://127.0.0.1%00.product.example:1",
                          "https://%31%32%37.0.0.1:1",
                          "https://[fe80::1%25lo]:1",
                          "https://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1:1",
                          "https://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1:1",
                          "https://127\xE3\x80\x82"
                          "0\xE3\x80\x82"
                          "0\xE3\x80\x82"
                          "1:1",
                          "https:///127.0.0.1:1",
                          "https:127.0.0.1:1",
                          "file:///etc/passwd",
                          "gopher://127.0.0.1:1/_x"}) {
    const auto refused = refusal_at(url);
    EXPECT_TRUE(refused.code == Errc::invalid_input || refused.code == Errc::denied)
        << url << ": " << refused.detail;
  }
}

TEST(Wire, ADotAtTheEndOfAnAddressOpensNoWayToIt) {
  Loop loop;
  asio::ip::tcp::acceptor home{loop.executor(), {asio::ip::address_v4::loopback(), 0}};
  home.non_blocking(true);
  const auto port = home.local_endpoint().port();
  for (const auto* host : {"127.0.0.1.", "localhost.", "0x7f.1.", "2130706433."}) {
    const auto refused = refusal_at(fmt::format("https://{}:{}", host, port));
    EXPECT_FALSE(refused.detail.empty()) << host;
    boost::system::error_code nobody;
    (void)home.accept(nobody);
    EXPECT_EQ(nobody, asio::error::would_block) << host << ": " << refused.detail;
  }
}

TEST(Wire, AProxyIsNotAskedForThemEither) {
  // Nobody listens there: a proxy that was asked would be `unavailable`.
  for (const auto* host :
       {"2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "localhost"}) {
    const auto refused = refusal_at(fmt::format("https://{}:1", host), "http://192.0.2.1:1");
    EXPECT_EQ(refused.code, Errc::denied) << host << ": " << refused.detail;
  }
  EXPECT_EQ(refusal_at("https://product.example", "http://127.0.0.1:1").code, Errc::denied)
      << "a proxy on loopback is named too";
}

TEST(Wire, ATokenIsNotFetchedFromLoopback) {
  const SystemClock clock;
  Loop loop;
  const auto product = conformance::product_of("edr/defender.yaml");
  auto plan = std::make_shared<Plan>(*plan_of(product->manifest));
  ::setenv("SALLYPORT_TEST_ANY", "a secret of nobody", 1);
  Config config{.options = product->options};
  for (const auto& [name, text] : product->secrets) config.secrets[name] = "env:SALLYPORT_TEST_ANY";
  for (auto& [name, endpoint] : plan->endpoints) {
    if (name == "api") continue;
    endpoint.hosts = {"localhost"};  // as if the vendor's own name led there
    config.endpoints[name] = "https://localhost:1";
  }
  ASSERT_EQ(config.endpoints.size(), 1U) << "that of the tokens";
  const auto connector =
      Connector::make(plan, config, std::make_shared<KnownPlaces>(), clock, loop.executor());
  ASSERT_TRUE(connector) << connector.error().detail;
  const auto read = wait((*connector)
                             ->read({.verb = "isolate_host",
                                     .target = {.kind = "host", .value = "wks-0042.acme.example"}},
                                    Deadline::in(std::chrono::seconds{5})));
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().detail, HasSubstr("loopback"));
}

TEST(Wire, ANameThatResolvesToLoopbackIsRefusedWhenItIsConnectedTo) {
  const SystemClock clock;
  Loop loop;
  auto plan = std::make_shared<Plan>(*plan_of("idp/okta.yaml"));
  plan->endpoints["api"].hosts = {"localhost"};
  ::setenv("SALLYPORT_TEST_ANY", "a secret of nobody", 1);
  const Config config{.base_url = "https://localhost:1",
                      .secrets = {{"api_token", "env:SALLYPORT_TEST_ANY"}}};
  const auto connector =
      Connector::make(plan, config, std::make_shared<KnownPlaces>(), clock, loop.executor());
  ASSERT_TRUE(connector) << connector.error().detail;
  const act::Operation operation{.verb = "disable_user",
                                 .target = {.kind = "user", .value = "alice"}};
  const auto read = wait((*connector)->read(operation, Deadline::in(std::chrono::seconds{5})));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::denied);
  EXPECT_THAT(read.error().detail, HasSubstr("loopback"));
}

TEST(Wire, ARedirectIsNotFollowed) {
  Setting<lab::OktaLab> okta{"idp/okta.yaml", {{"api_token", "lab-okta-token"}}};
  okta.vendor->befall(
      {.answer = {.status = 302,
                  .headers = {{"Location", okta.vendor->url() + "/latest/meta-data"}}}});
  const auto ran = okta.world->run("disable_user", {.kind = "user", .value = "alice@acme.example"});
  EXPECT_EQ(ran.state, model::ActionState::failed);
  EXPECT_EQ(okta.vendor->requests().size(), 1U);
}

TEST(Wire, NoRedirectIsFollowedWhateverItsStatusAndWhereverItLeads) {
  for (const int status : {301, 302, 303, 307, 308}) {
    for (const auto* to :
         {"", "http://169.254.169.254/latest/meta-data/", "//127.0.0.1/", "/api/v1/users"}) {
      Setting<lab::OktaLab> okta{"idp/okta.yaml", {{"api_token", "lab-okta-token"}}};
      const auto location = *to ? std::string{to} : okta.vendor->url() + "/latest/meta-data";
      okta.vendor->befall(
          {.answer = {.status = status, .headers = {{"Location", location}}}, .times = 9});
      const auto ran =
          okta.world->run("disable_user", {.kind = "user", .value = "alice@acme.example"});
      EXPECT_EQ(ran.state, model::ActionState::failed) << status << ' ' << location;
      EXPECT_EQ(okta.vendor->requests().size(), 1U) << status << ' ' << location;
    }
  }
}

TEST(Wire, ThePlacesOfProductsAreRemembered) {
  const auto places = std::make_shared<KnownPlaces>();
  places->add(Network::parse("203.0.113.9").value());
  EXPECT_TRUE(places->overlaps(Network::parse("203.0.113.0/24").value()));
  EXPECT_FALSE(places->overlaps(Network::parse("203.0.113.8").value()));
}

}  // namespace sallyport::connectors::manifest::testing
