#include "engine/gate/readings.hpp"

#include "tests/gate/setting.hpp"

#include <gmock/gmock.h>

namespace sallyport::gate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Readings read(std::string value, std::string kind = "ip") {
  return readings_of({.kind = std::move(kind), .value = std::move(value), .tags = {}});
}

TEST(Readings, APlainTargetHasNoOther) {
  for (const auto* address : {"10.0.0.1", "203.0.113.255", "2001:db8::1", "::1", "::", "fe80::1"}) {
    EXPECT_THAT(read(address).others, IsEmpty()) << address;
    EXPECT_FALSE(read(address).open) << address;
  }
  for (const auto* name : {"WKS-0042", "dc01.corp.example", "alice@acme.example", "3com-switch"}) {
    EXPECT_THAT(read(name, "host").others, IsEmpty()) << name;
    EXPECT_FALSE(read(name, "host").open) << name;
  }
  EXPECT_THAT(read("4711", "process").others, IsEmpty());
}

TEST(Readings, AnAddressIsTheSameInEverySpelling) {
  for (const auto* spelling : {"::ffff:10.0.0.1",
                               "::FFFF:a00:1",
                               "::10.0.0.1",
                               "64:ff9b::10.0.0.1",
                               "64:ff9b::a00:1",
                               "64:ff9b:1::a00:1",
                               "::ffff:0:10.0.0.1",
                               "0x0a.0.0.1",
                               "167772161",
                               "10.1",
                               "10.0.0.1/32",
                               "10.0.0.1%eth0"}) {
    EXPECT_THAT(read(spelling).others, ::testing::Contains("10.0.0.1")) << spelling;
    EXPECT_FALSE(read(spelling).open) << spelling;
  }
  EXPECT_THAT(read("2002:a00:1::9").others, ElementsAre("10.0.0.1"));
  EXPECT_THAT(read("2001:0:4136:e378:8000:63bf:f5ff:fffe").others, ::testing::Contains("10.0.0.1"));
  EXPECT_THAT(read("2001:0DB8:0:0::1").others, ElementsAre("2001:db8::1"));
  EXPECT_THAT(read("fe80::1%eth0").others, ElementsAre("fe80::1"));
  // Some read it as octal, some do not.
  EXPECT_THAT(read("012.0.0.1").others, ElementsAre("10.0.0.1", "12.0.0.1"));
  EXPECT_THAT(read("012.0.0.1", "host").others, ElementsAre("10.0.0.1", "12.0.0.1"));
}

TEST(Readings, ARangeAndWhatIsBeyondAsciiAreMoreThanCanBeListed) {
  for (const auto* range :
       {"10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "10.0.0.1-10.0.0.9", "10.0.0.*"})
    EXPECT_TRUE(read(range).open) << range;
  for (const auto* name : {"\xef\xbc\xa4\xef\xbc\xa3"
                           "01",
                           "D\xd0\xa1"
                           "01",
                           "DC\xe2\x80\x8b"
                           "01"})
    EXPECT_TRUE(read(name, "host").open) << name;
}

TEST(Readings, ANameWithADotAtItsEndIsTheName) {
  EXPECT_THAT(read("dc01.corp.example.", "host").others, ElementsAre("dc01.corp.example"));
  EXPECT_THAT(read("evil.example.", "domain").others, ElementsAre("evil.example"));
}

constexpr auto guarded = R"(
tenants:
  acme:
    tier: L3
    overrides:
      kill_process: { block: true, when: { target.value|startswith: srv } }
      block_domain: { force_auto: true, when: { context.sure: true }, unless: { target.value|endswith: .acme.example } }
      block_ip:
        - { block: true, when: { target.value: 192.0.2.1 } }
        - { force_auto: true, when: { context.sure: true }, unless: { target.value|cidr: [10.0.0.0/8, 192.168.0.0/16] } }
    protected:
      - { target.kind: ip, target.value|cidr: [10.0.0.0/8, 2001:db8::/32] }
      - { target.kind: [host, user], target.value|startswith: [DC, admin] })";

TEST(Protection, IsNotEvadedByAnotherSpellingOfTheAddress) {
  for (const auto* spelling : {"10.0.0.1",
                               "::ffff:10.0.0.1",
                               "64:ff9b::a00:1",
                               "::10.0.0.1",
                               "2002:a00:1::",
                               "0x0a.0.0.1",
                               "10.1",
                               "010.0.0.1",
                               "10.0.0.1/32",
                               "2001:DB8:0::1",
                               "8.0.0.0/5",
                               "0.0.0.0/0"}) {
    EXPECT_EQ(ask(guarded, request("block_ip", spelling, "ip")),
              "queued protected_target protected")
        << spelling;
  }
  EXPECT_EQ(ask(guarded, request("block_ip", "64:ff9b::a00:1", "IP")),
            "queued protected_target protected");
  EXPECT_EQ(ask(guarded, request("block_ip", "64:ff9b::cb00:7109", "ip")), "auto tier");
}

TEST(Protection, IsNotEvadedByLettersThatLookLikeOthers) {
  for (const auto* name : {"DC01",
                           "dc01",
                           "DC01.",
                           "\xef\xbc\xa4\xef\xbc\xa3"
                           "01",
                           "D\xd0\xa1"
                           "01"}) {
    EXPECT_EQ(ask(guarded, request("run_playbook", name, "host")),
              "queued protected_target protected")
        << name;
  }
  // What the rule asks besides the name still has to be so.
  EXPECT_EQ(ask(guarded, request("run_playbook", "m\xc3\xbcller", "url")), "auto tier");
}

TEST(BlockOverride, ReachesEverySpellingAndHoldsWhatCannotBeCompared) {
  EXPECT_EQ(ask(guarded, request("block_ip", "192.0.2.1", "ip")),
            "blocked block_override overrides.block_ip");
  EXPECT_EQ(ask(guarded, request("block_ip", "::ffff:c000:201", "ip")),
            "blocked block_override overrides.block_ip");
  EXPECT_EQ(ask(guarded, request("kill_process", "\xd1\x95rv", "process")),
            "queued protected_target overrides.kill_process");
  EXPECT_EQ(ask(guarded, request("kill_process", "other", "process")), "auto tier");
}

TEST(ForceAuto, CountsOnlyForWhatEveryReadingAllows) {
  constexpr auto unprotected = R"(
tenants:
  acme:
    overrides:
      block_domain: { force_auto: true, unless: { target.value|endswith: .acme.example } }
      block_ip: { force_auto: true, unless: { target.value|cidr: 10.0.0.0/8 } })";
  EXPECT_EQ(ask(unprotected, request("block_ip", "203.0.113.9", "ip")),
            "auto force_auto overrides.block_ip");
  for (const auto* spelling : {"64:ff9b::a00:1", "2002:a00:1::", "::ffff:10.0.0.1", "10.0.0.1/32"})
    EXPECT_EQ(ask(unprotected, request("block_ip", spelling, "ip")), "queued tier") << spelling;
  EXPECT_EQ(ask(unprotected, request("block_domain", "evil.example.", "domain")),
            "auto force_auto overrides.block_domain");
  EXPECT_EQ(ask(unprotected, request("block_domain", "www.acme.example.", "domain")),
            "queued tier");
  EXPECT_EQ(ask(unprotected, request("block_domain", "www.acm\xd0\xb5.example", "domain")),
            "queued tier");
}

TEST(Whitelist, DoesNotTakeALookAlikeForWhatItNames) {
  constexpr auto text = R"(
tenants:
  acme:
    tier: L4
    whitelist: [ { id: w, action: isolate_host, target: [WKS-1, WKS-A], expires: 2027-01-01 } ])";
  EXPECT_EQ(ask(text, request("isolate_host", "WKS-1")), "auto whitelist w");
  for (const auto* name : {"WKS-\xef\xbc\x91",
                           "WKS-\xd0\x90",
                           "WKS\xe2\x80\x90"
                           "1",
                           "wks-1",
                           "WKS-1."})
    EXPECT_EQ(ask(text, request("isolate_host", name)), "queued no_whitelist_match") << name;
}

}  // namespace
}  // namespace sallyport::gate
