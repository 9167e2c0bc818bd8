#include "engine/gate/whitelist.hpp"

#include "engine/gate/glob.hpp"
#include "engine/gate/network.hpp"
#include "engine/gate/request_record.hpp"
#include "tests/gate/setting.hpp"

#include <gtest/gtest.h>

namespace sallyport::gate {
namespace {

/// Which entry of an L4 whitelist fires for isolate_host on `value`; "-" for none.
std::string fires(std::string_view entries,
                  std::string value,
                  std::vector<std::string> tags = {},
                  double confidence = 0.97) {
  auto asked = request("isolate_host", std::move(value));
  asked.target.tags = std::move(tags);
  asked.confidence = confidence;
  const auto decision =
      decide(*policy_of("tenants:\n  acme:\n    tier: L4\n    whitelist:\n" + std::string{entries}),
             asked);
  return decision.reason == model::Reason::whitelist ? *decision.rule : "-";
}

TEST(Whitelist, MatchesExactlyAndWithCase) {
  constexpr auto entries = R"(
      - { id: one, action: isolate_host, target: WKS-1, expires: 2027-01-01 })";
  EXPECT_EQ(fires(entries, "WKS-1"), "one");
  EXPECT_EQ(fires(entries, "WKS-10"), "-");
  EXPECT_EQ(fires(entries, "wks-1"), "-");
}

TEST(Whitelist, MatchesPrefixesOfAnyLength) {
  constexpr auto entries = R"(
      - { id: broad, action: isolate_host, target_prefix: W, expires: 2027-01-01, constraints: { confidence|gte: 0.99 } }
      - { id: workstations, action: isolate_host, target_prefix: [WKS-, LAB-], expires: 2027-01-01 })";
  EXPECT_EQ(fires(entries, "WKS-1"), "workstations");
  EXPECT_EQ(fires(entries, "LAB-1"), "workstations");
  EXPECT_EQ(fires(entries, "WKS-1", {}, 1.0), "broad");
  EXPECT_EQ(fires(entries, "wks-1"), "-");
  EXPECT_EQ(fires(entries, "WKS"), "-");
}

TEST(Whitelist, MatchesNetworks) {
  constexpr auto entries = R"(
      - { id: v4, action: isolate_host, target_cidr: [10.1.0.0/16, 192.0.2.7], expires: 2027-01-01 }
      - { id: v6, action: isolate_host, target_cidr: '2001:db8::/33', expires: 2027-01-01 })";
  EXPECT_EQ(fires(entries, "10.1.255.255"), "v4");
  EXPECT_EQ(fires(entries, "10.2.0.0"), "-");
  EXPECT_EQ(fires(entries, "192.0.2.7"), "v4");
  EXPECT_EQ(fires(entries, "192.0.2.70"), "-");
  EXPECT_EQ(fires(entries, "::ffff:10.1.0.1"), "v4");
  EXPECT_EQ(fires(entries, "2001:db8:7fff::1"), "v6");
  EXPECT_EQ(fires(entries, "2001:db8:8000::1"), "-");
  EXPECT_EQ(fires(entries, "10.1.0.1/32"), "-");
}

TEST(Whitelist, MatchesGlobs) {
  constexpr auto entries = R"(
      - { id: suffix, action: isolate_host, target_glob: '*-LAB', expires: 2027-01-01 }
      - { id: middle, action: isolate_host, target_glob: 'WKS-[0-9]?*-[!X]', expires: 2027-01-01 })";
  EXPECT_EQ(fires(entries, "anything-LAB"), "suffix");
  EXPECT_EQ(fires(entries, "anything-lab"), "-");
  EXPECT_EQ(fires(entries, "WKS-12-A"), "middle");
  EXPECT_EQ(fires(entries, "WKS-12-X"), "-");
  EXPECT_EQ(fires(entries, "WKS-1-A"), "-");
}

TEST(Whitelist, MatchesTagsAndBlocks) {
  constexpr auto entries = R"(
      - { id: tag, action: isolate_host, target_tag: [kiosk, workstation], expires: 2027-01-01 }
      - { id: when, action: isolate_host, when: { target.value|endswith: '.branch.example' }, expires: 2027-01-01 })";
  EXPECT_EQ(fires(entries, "X", {"server", "workstation"}), "tag");
  EXPECT_EQ(fires(entries, "X", {"server"}), "-");
  EXPECT_EQ(fires(entries, "a.branch.example"), "when");
}

TEST(Whitelist, KeysOfDifferentKindsMustAllMatch) {
  constexpr auto entries = R"(
      - { id: both, action: isolate_host, target_prefix: WKS-, target_tag: kiosk, target_glob: '*-[AB]', expires: 2027-01-01 })";
  EXPECT_EQ(fires(entries, "WKS-1-A", {"kiosk"}), "both");
  EXPECT_EQ(fires(entries, "WKS-1-A"), "-");
  EXPECT_EQ(fires(entries, "WKS-1-C", {"kiosk"}), "-");
}

TEST(Whitelist, NamesTheSmallestIdWhateverTheOrder) {
  const std::string a =
      "\n      - { id: a, action: isolate_host, target_glob: '*', expires: 2027-01-01 }";
  const std::string b = "\n      - { id: b, action: isolate_host, target: X, expires: 2027-01-01 }";
  const std::string c =
      "\n      - { id: c, action: isolate_host, target_prefix: X, expires: 2027-01-01 }";
  for (const auto& entries : {a + b + c, c + b + a, b + a + c}) EXPECT_EQ(fires(entries, "X"), "a");
}

TEST(Whitelist, FallsToAnotherEntryWhenOneIsUsedUp) {
  const auto policy = policy_of(R"(
tenants:
  acme:
    tier: L4
    whitelist:
      - { id: a, action: isolate_host, target_prefix: W, max_per_day: 1, expires: 2027-01-01 }
      - { id: b, action: isolate_host, target_prefix: WKS, expires: 2027-01-01 })");
  Usage usage;
  EXPECT_EQ(brief(decide(*policy, request(), now(), usage)), "auto whitelist a");
  usage.add({.tenant = "acme", .verb = "isolate_host", .entry = "a", .at = now()});
  EXPECT_EQ(brief(decide(*policy, request(), now(), usage)), "auto whitelist b");
  EXPECT_EQ(brief(decide(*policy, request("isolate_host", "W"), now(), usage)),
            "queued rate_limit a");
}

TEST(Whitelist, FindsEachOfManyEntries) {
  std::vector<WhitelistEntry> entries;
  for (int i = 0; i < 5000; ++i) {
    entries.push_back(
        {.id = fmt::format("e{:05}", i),
         .keys = {{.kind = i % 2 == 0 ? TargetKey::Kind::exact : TargetKey::Kind::prefix,
                   .text = fmt::format("HOST-{:05}", i)}},
         .expires = at("2027-01-01")});
  }
  const Whitelist whitelist{std::move(entries)};
  Usage usage;
  for (int i = 0; i < 5000; ++i) {
    const auto asked =
        request("isolate_host", fmt::format("HOST-{:05}{}", i, i % 2 == 0 ? "" : "-x"));
    const auto found = whitelist.find(asked, RequestRecord{asked}, now(), usage);
    ASSERT_NE(found.fires, nullptr) << i;
    EXPECT_EQ(found.fires->id, fmt::format("e{:05}", i));
  }
  const auto miss = request("isolate_host", "HOST-05001");
  EXPECT_EQ(whitelist.find(miss, RequestRecord{miss}, now(), usage).fires, nullptr);
}

TEST(Glob, IsAShellPattern) {
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("a*b*c", "axxbyybzzc"));
  EXPECT_FALSE(glob_matches("a*b*c", "axxbyybzz"));
  EXPECT_TRUE(glob_matches("[]x]", "]"));
  EXPECT_TRUE(glob_matches(R"(\*\[)", "*["));
  EXPECT_FALSE(glob_matches("?", ""));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_TRUE(glob_matches("[a-c-]", "-"));
  EXPECT_FALSE(is_glob("[ab"));
  EXPECT_FALSE(is_glob("ab\\"));
  EXPECT_EQ(literal_prefix("WKS-[0-9]"), "WKS-");
}

TEST(Glob, EndsSoonOnAPatternThatLooksExpensive) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(5000, 'a')));
}

TEST(Network, ReadsAddressesAndRangesAndNothingElse) {
  EXPECT_TRUE(parse_network("10.0.0.0/8"));
  EXPECT_TRUE(parse_network("::/0"));
  EXPECT_TRUE(parse_network("10.0.0.1"));
  for (const auto* text : {"10.0.0.1/8",
                           "10.0.0.0/33",
                           "10.0.0/8",
                           "10.0.0.0/",
                           "10.0.0.0/-1",
                           "010.0.0.1",
                           "10.0.0.1 ",
                           "",
                           "x",
                           "10.0.0.0/8/8",
                           "fe80::1%eth0"})
    EXPECT_FALSE(parse_network(text)) << text;
  EXPECT_FALSE(parse_address("10.0.0.0/8"));
  EXPECT_FALSE(parse_address("fe80::1%eth0"));
  EXPECT_EQ(parse_network("::ffff:10.0.0.0/104"), parse_network("10.0.0.0/8"));
  EXPECT_FALSE(parse_network("::/0")->contains(*parse_address("10.0.0.1")));
}

TEST(Usage, CountsTheSlidingWindowExactly) {
  Usage usage;
  for (const auto minute : {0, 30, 59, 60, 61})
    usage.add(
        {.tenant = "t", .verb = "v", .entry = "e", .at = now() + std::chrono::minutes{minute}});
  const auto after = [](int n) { return now() + std::chrono::minutes{n}; };
  EXPECT_EQ(usage.of_verb("t", "v", Window::hour, after(61)), 4U);
  EXPECT_EQ(usage.of_verb("t", "v", Window::minute, after(61)), 1U);
  EXPECT_EQ(usage.of_verb("t", "v", Window::day, after(61)), 5U);
  EXPECT_EQ(usage.of_entry("t", "e", Window::hour, after(120)), 1U);
  EXPECT_EQ(usage.of_verb("t", "w", Window::day, after(61)), 0U);
  EXPECT_EQ(usage.of_verb("u", "v", Window::day, after(61)), 0U);
  EXPECT_EQ(usage.of_verb("t", "v", Window::minute, after(-1000)), 5U) << "a clock set back";
}

TEST(Usage, IsBoundedAndStillExactUpToTheLargestLimit) {
  Usage usage;
  for (std::uint32_t i = 0; i < largest_limit + 500; ++i)
    usage.add({.tenant = "t", .verb = "v", .entry = "", .at = now()});
  EXPECT_EQ(usage.of_verb("t", "v", Window::day, now()), largest_limit);
}

}  // namespace
}  // namespace sallyport::gate
