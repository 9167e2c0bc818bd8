#include "connectors/native/base/known_places.hpp"

#include <gmock/gmock.h>

namespace sallyport::connectors::testing {
namespace {

using ::testing::HasSubstr;

/// Reaches a directory by its address, brokers and a model by their names.
struct Places : KnownPlaces {
  Places() {
    add_host("ldaps://198.51.100.20:636");
    add_host("[2001:db8::20]:9092");
    add_host("kafka-1.acme.example:9092");
    add_host("https://models.acme.example/v1");
    add_host("203.0.113.80");
    add_host("");
    add_host("ldapi:///");
  }
};

std::string answer(const KnownPlaces& places,
                   std::string_view verb,
                   std::string kind,
                   std::string value) {
  const auto may = places.may_cut_off(verb, {.kind = std::move(kind), .value = std::move(value)});
  if (may) return "may";
  return (may.error().code == Errc::denied ? "denied: " : "invalid_input: ") + may.error().detail;
}

}  // namespace

TEST(KnownPlaces, NoSpellingOfAnAddressThatTheEngineLivesByIsCutOff) {
  const Places places;
  for (const auto* address : {"198.51.100.20",
                              "198.51.100.20/32",
                              "198.51.100.0/24",
                              "::ffff:198.51.100.20",
                              "::ffff:c633:6414",
                              "::ffff:198.51.100.0/120",
                              "::198.51.100.20",
                              "64:ff9b::198.51.100.20",
                              "64:ff9b::c633:6400/120",
                              "2002:c633:6414::",
                              "2002:c633:6414:1::7",
                              "2002:c633::/32",
                              "::ffff:0:198.51.100.20",
                              "2001:db8:1::5efe:198.51.100.20",
                              "64:ff9b:1::198.51.100.20",
                              "64:ff9b:1:abcd::c633:6414",
                              "2001:0:a00:1::39cc:9beb",
                              "2001:db8::20",
                              "2001:DB8:0:0::20",
                              "2001:db8::/64",
                              "203.0.113.80"}) {
    EXPECT_THAT(answer(places, "block_ip", "ip", address), HasSubstr("denied: that is where"))
        << address;
    EXPECT_THAT(answer(places, "add_ioc", "ip", address), HasSubstr("denied")) << address;
  }
  for (const auto* address : {"198.51.100.21", "2001:db8::21", "64:ff9b::198.51.100.21"})
    EXPECT_EQ(answer(places, "block_ip", "ip", address), "may") << address;
}

TEST(KnownPlaces, NeitherEverybodyNorThisMachineNorLoopbackIsCutOff) {
  const Places places;
  for (const auto* address : {"0.0.0.0/0",
                              "::/0",
                              "0.0.0.0/1",
                              "128.0.0.0/1",
                              "2000::/3",
                              "64:ff9b::/96",
                              "64:ff9b::/64",
                              "64:ff9b:1::/48",
                              "64:ff9b:1:7::/96",
                              "2001::/32",
                              "2001:0:a00:1::80ff:fffe",
                              "2002::/16",
                              "::/96",
                              "127.0.0.1",
                              "127.255.0.0/16",
                              "::1",
                              "::ffff:127.0.0.1",
                              "64:ff9b::7f00:1",
                              "2002:7f00:1::",
                              "169.254.169.254",
                              "fe80::1"})
    EXPECT_THAT(answer(places, "block_ip", "ip", address), HasSubstr("denied")) << address;
  for (const auto& own : own_addresses())
    EXPECT_THAT(answer(places, "block_ip", "ip", own.text()), HasSubstr("denied")) << own.text();
}

TEST(KnownPlaces, WhatIsNoAddressIsNotBlockedAsOne) {
  const Places places;
  for (const auto* address : {"127.1",
                              "2130706433",
                              "0x7f000001",
                              "0177.0.0.1",
                              "198.51.100.20:636",
                              "[2001:db8::20]",
                              "198.51.100.20 ",
                              "198.51.100.020",
                              "１９８.51.100.20",
                              "198.51.100.20/24",
                              "fe80::1%eth0",
                              "198.51.100.20 or 1=1",
                              ""})
    EXPECT_THAT(answer(places, "block_ip", "ip", address), HasSubstr("invalid_input")) << address;
}

TEST(KnownPlaces, NoNameOfOneAndNoneAboveItIsBlocked) {
  const Places places;
  for (const auto* domain : {"kafka-1.acme.example",
                             "KAFKA-1.acme.example.",
                             "acme.example",
                             "example",
                             "models.acme.example",
                             "localhost",
                             "a.localhost",
                             "2130706433",
                             "0x7f.1",
                             "198.51.100.20"})
    EXPECT_THAT(answer(places, "block_domain", "domain", domain), HasSubstr("denied")) << domain;
  for (const auto* url : {"https://models.acme.example/v1",
                          "https://who@models.acme.example:8443/",
                          "http://0xc6.51.25620/",
                          "http://[::ffff:198.51.100.20]:80/x"})
    EXPECT_THAT(answer(places, "add_ioc", "url", url), HasSubstr("denied")) << url;
  for (const auto* domain : {"evil.example", "notacme.example", "x.kafka-1.acme.example"})
    EXPECT_EQ(answer(places, "block_domain", "domain", domain), "may") << domain;
}

TEST(KnownPlaces, WhatNamesStandForIsKnownOnceTheyWereLookedUp) {
  Places places;
  EXPECT_EQ(answer(places, "block_ip", "ip", "198.51.100.77"), "may");
  const auto resolve = [](const std::string& name) {
    std::vector<boost::asio::ip::address> found;
    if (name == "kafka-1.acme.example")
      found.push_back(boost::asio::ip::make_address("198.51.100.77"));
    return found;
  };
  std::stop_source stopped;
  stopped.request_stop();
  places.resolve(resolve, stopped.get_token());
  EXPECT_EQ(answer(places, "block_ip", "ip", "198.51.100.77"), "may");
  places.resolve(resolve);
  EXPECT_THAT(answer(places, "block_ip", "ip", "198.51.100.77"), HasSubstr("denied"));
}

TEST(KnownPlaces, WhatGivesBackLooksOrTellsIsRefusedNothing) {
  const Places places;
  EXPECT_EQ(answer(places, "unblock_ip", "ip", "198.51.100.20"), "may");
  EXPECT_EQ(answer(places, "remove_ioc", "ip", "127.0.0.1"), "may");
  EXPECT_EQ(answer(places, "search_siem", "ip", "198.51.100.20"), "may");
  EXPECT_EQ(answer(places, "scan_host", "host", "localhost"), "may");
}

TEST(KnownPlaces, AMachineIsIsolatedUnlessItIsThisOne) {
  const Places places;
  EXPECT_EQ(answer(places, "isolate_host", "host", "WKS-0042"), "may");
  EXPECT_THAT(answer(places, "isolate_host", "host", "localhost"), HasSubstr("this machine"));
  EXPECT_THAT(answer(places, "isolate_host", "host", "127.0.0.1"), HasSubstr("denied"));
}

TEST(KnownPlaces, AMachineThatTheEngineLivesByIsNotIsolatedByItsNameEither) {
  const Places places;
  for (const auto* name : {"kafka-1.acme.example", "KAFKA-1.ACME.example.", "kafka-1"})
    for (const auto* verb : {"isolate_host", "wipe_host"})
      EXPECT_THAT(answer(places, verb, "host", name), HasSubstr("denied: that")) << name;
  EXPECT_THAT(answer(places, "isolate_host", "host", "kafka-1"),
              HasSubstr("may be kafka-1.acme.example"));
  for (const auto* name : {"kafka-1.other.example", "kafka-10", "acme.example"})
    EXPECT_EQ(answer(places, "isolate_host", "host", name), "may") << name;
  EXPECT_EQ(answer(places, "release_host", "host", "kafka-1"), "may");
}

TEST(KnownPlaces, AMachineThatTheEngineActsOnIsIsolatedButItsNameIsNotBlocked) {
  Places places;
  places.add_host("web-1.acme.example", KnownPlaces::Reached::to_act);
  EXPECT_EQ(answer(places, "isolate_host", "host", "web-1"), "may");
  EXPECT_EQ(answer(places, "isolate_host", "host", "web-1.acme.example"), "may");
  EXPECT_THAT(answer(places, "block_domain", "domain", "web-1.acme.example"), HasSubstr("denied"));
  // What it lives by stays what it lives by, in whatever order the two are named.
  places.add_host("kafka-1.acme.example", KnownPlaces::Reached::to_act);
  places.add_host("https://web-1.acme.example/");
  EXPECT_THAT(answer(places, "isolate_host", "host", "kafka-1.acme.example"), HasSubstr("denied"));
  EXPECT_THAT(answer(places, "isolate_host", "host", "web-1"), HasSubstr("denied"));
}

}  // namespace sallyport::connectors::testing
