#include "tests/gate/setting.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

namespace sallyport::gate {
namespace {

/// The policy of INTERFACES, at L4 so that everything in it can speak.
constexpr std::string_view acme = R"(
tenants:
  acme:
    tier: L4
    authority: { owner: soc-lead@acme.example, approved: 2026-11-01, review_by: 2027-02-01 }
    overrides:
      run_script: { block: true }
      block_ip:
        force_auto: true
        when:   { context.intel.confidence|gte: 0.95 }
        unless: { target.value|cidr: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16] }
    whitelist:
      - id: quarantine-workstations
        action: isolate_host
        target_prefix: WKS-
        constraints: { confidence|gte: 0.9 }
        max_per_hour: 3
        expires: 2027-01-01T00:00:00Z
        notify: soc-channel
    protected: [ { target.kind: host, target.value|startswith: [DC, VCENTER] } ]
    limits: { isolate_host: { per_hour: 10 } }
    freezes: [ { from: 2026-12-20T00:00:00Z, to: 2027-01-03T00:00:00Z, tier: L1, reason: year end } ]
)";

std::string tier_only(std::string_view tier) {
  return "tenants: { acme: { tier: " + std::string{tier} + " } }";
}

model::ActionRequest with_intel(model::ActionRequest request, double confidence) {
  request.context = {{"intel", {{"confidence", confidence}}}};
  return request;
}

Usage used(std::string verb, std::string entry, int times, Time when) {
  Usage usage;
  for (int i = 0; i < times; ++i)
    usage.add({.tenant = "acme", .verb = verb, .entry = entry, .at = when});
  return usage;
}

TEST(Tier, RunsExactlyTheRadiiOfTheTable) {
  const std::array<std::string_view, 5> tiers{"L0", "L1", "L2", "L3", "L4"};
  const std::map<std::string, int> first_tier{
      {"notify", 1}, {"add_ioc", 2}, {"block_ip", 3}, {"isolate_host", 5}, {"wipe_host", 5}};
  for (const auto& [verb, first] : first_tier) {
    for (int tier = 0; tier < 5; ++tier) {
      const auto decision =
          decide(*policy_of(tier_only(tiers.at(static_cast<std::size_t>(tier)))), request(verb));
      EXPECT_EQ(decision.decision == model::Ruling::auto_, tier >= first) << verb << " L" << tier;
    }
  }
}

TEST(Tier, GivesTheReasonsOfTheTable) {
  EXPECT_EQ(ask(tier_only("L3"), request("block_ip")), "auto tier");
  EXPECT_EQ(ask(tier_only("L2"), request("block_ip")), "queued tier");
  EXPECT_EQ(ask(tier_only("L3"), request("isolate_host")), "queued tier");
  EXPECT_EQ(ask(tier_only("L4"), request("isolate_host")), "queued no_whitelist_match");
  EXPECT_EQ(ask(tier_only("L4"), request("wipe_host")), "queued critical");
  EXPECT_EQ(ask(tier_only("L4"), request("launch_rocket")), "queued unknown_action");
  EXPECT_EQ(ask(tier_only("L4"), request("Notify")), "queued unknown_action");
}

TEST(Tier, IsL0ForATenantThatIsNotNamed) {
  const auto decision = decide(*policy_of("tenants: { other: { tier: L4 } }"), request("notify"));
  EXPECT_EQ(brief(decision), "queued tier");
  EXPECT_EQ(decision.tier, model::Tier::L0);
}

TEST(Decision, IsTheDocumentOfInterfaces) {
  const auto decision = decide(*policy_of(acme), request());
  EXPECT_EQ(
      to_json(decision),
      R"({"decision":"auto","reason":"whitelist","rule":"quarantine-workstations","tier":"L4",)"
      R"("blast_radius":"HIGH","rationale":"isolate_host on WKS-0042 is HIGH; tier L4; whitelist entry )"
      R"(quarantine-workstations matches until 2027-01-01T00:00:00Z","policy_version":7,)"
      R"("policy_hash":"sha256:test","notify":"soc-channel"})");
}

TEST(Block, ComesBeforeEverythingButTheKillSwitch) {
  EXPECT_EQ(ask(acme, request("run_script")), "blocked block_override overrides.run_script");
  EXPECT_EQ(
      ask("tenants: { acme: { overrides: { wipe_host: { block: true } } } }", request("wipe_host")),
      "blocked block_override overrides.wipe_host");
  EXPECT_EQ(ask("tenants: { acme: { overrides: { launch_rocket: { block: true } } } }",
                request("launch_rocket")),
            "blocked block_override overrides.launch_rocket");
}

TEST(Block, TakesWhenAndUnless) {
  constexpr auto policy = R"(
tenants:
  acme:
    tier: L3
    overrides:
      block_ip: { block: true, when: { target.value|cidr: 10.0.0.0/8 }, unless: { target.value: 10.0.0.7 } })";
  EXPECT_EQ(ask(policy, request("block_ip", "10.1.2.3", "ip")),
            "blocked block_override overrides.block_ip");
  EXPECT_EQ(ask(policy, request("block_ip", "10.0.0.7", "ip")), "auto tier");
  EXPECT_EQ(ask(policy, request("block_ip", "8.8.8.8", "ip")), "auto tier");
}

TEST(Block, OfAListIsEnoughOnce) {
  constexpr auto policy = R"(
tenants:
  acme:
    tier: L3
    overrides:
      block_ip:
        - { force_auto: true }
        - { block: true, when: { target.value: 10.0.0.1 } }
        - { block: true, when: [ { target.value: 10.0.0.2 }, { target.value: 10.0.0.3, confidence|gte: 0.99 } ] })";
  EXPECT_EQ(ask(policy, request("block_ip", "10.0.0.1", "ip")).substr(0, 7), "blocked");
  EXPECT_EQ(ask(policy, request("block_ip", "10.0.0.2", "ip")).substr(0, 7), "blocked");
  EXPECT_EQ(ask(policy, request("block_ip", "10.0.0.3", "ip")).substr(0, 4), "auto");
}

TEST(ForceAuto, CountsOnlyWhenWhenMatchesAndUnlessDoesNot) {
  const auto policy = policy_of(acme);
  const auto outside = request("block_ip", "203.0.113.9", "ip");
  EXPECT_EQ(brief(decide(*policy, with_intel(outside, 0.98))),
            "auto force_auto overrides.block_ip");
  EXPECT_EQ(brief(decide(*policy, with_intel(outside, 0.5))), "auto tier");
  EXPECT_EQ(brief(decide(*policy, outside)), "auto tier");
  EXPECT_EQ(brief(decide(*policy, with_intel(request("block_ip", "10.1.1.1", "ip"), 0.98))),
            "auto tier");
}

TEST(ForceAuto, WithConditionsSpeaksOfSingleAddressesAlone) {
  const auto policy = policy_of(R"(
tenants:
  acme:
    tier: L2
    overrides:
      block_ip: { force_auto: true, unless: { target.value|cidr: [10.0.0.0/8, 'fc00::/7'] } }
      unblock_ip: { force_auto: true })");
  const auto decided = [&](const char* verb, const char* value) {
    return brief(decide(*policy, request(verb, value, "ip")));
  };
  EXPECT_EQ(decided("block_ip", "203.0.113.9"), "auto force_auto overrides.block_ip");
  EXPECT_EQ(decided("block_ip", "2001:DB8::1"), "auto force_auto overrides.block_ip");
  for (const auto* value : {"10.1.2.3",
                            "::ffff:10.1.2.3",
                            "::FFFF:a01:203",
                            "fd00::1",
                            "10.0.0.0/8",
                            "0.0.0.0/0",
                            "203.0.113.0/24",
                            "10.1",
                            "167772161",
                            "0xa.0.0.1",
                            "010.0.0.1",
                            "[fd00::1]",
                            "10.0.0.1:80"})
    EXPECT_EQ(decided("block_ip", value), "queued tier") << value;
  EXPECT_EQ(decided("unblock_ip", "203.0.113.0/24"), "auto force_auto overrides.unblock_ip");
}

TEST(ForceAuto, NeedsNoTierAndStopsAtCriticalAndUnknown) {
  constexpr auto policy = R"(
tenants:
  acme: { overrides: { isolate_host: { force_auto: true }, wipe_host: { force_auto: true }, launch_rocket: { force_auto: true } } })";
  EXPECT_EQ(ask(policy, request("isolate_host")), "auto force_auto overrides.isolate_host");
  EXPECT_EQ(ask(policy, request("wipe_host")), "queued critical");
  EXPECT_EQ(ask(policy, request("launch_rocket")), "queued unknown_action");
}

TEST(Whitelist, SpeaksAtL4ForHighAlone) {
  const auto entry = [](std::string_view tier, std::string_view verb) {
    return "tenants: { acme: { tier: " + std::string{tier} +
           ", whitelist: [ { id: e, action: " + std::string{verb} +
           ", target: WKS-0042, expires: 2027-01-01 } ] } }";
  };
  EXPECT_EQ(ask(entry("L4", "isolate_host"), request()), "auto whitelist e");
  EXPECT_EQ(ask(entry("L3", "isolate_host"), request()), "queued tier");
  EXPECT_EQ(ask(entry("L4", "wipe_host"), request("wipe_host")), "queued critical");
  EXPECT_EQ(ask(entry("L4", "release_host"), request()), "queued no_whitelist_match");
  EXPECT_EQ(ask(entry("L2", "block_ip"), request("block_ip")), "queued tier");
}

TEST(Whitelist, IsOverAtTheVerySecondOfExpires) {
  const auto policy = policy_of(R"(
tenants: { acme: { tier: L4, whitelist: [ { id: e, action: isolate_host, target: WKS-0042, expires: 2026-12-01T00:00:00Z } ] } })");
  EXPECT_EQ(brief(decide(*policy, request(), at("2026-11-30T23:59:59.999999Z"))),
            "auto whitelist e");
  EXPECT_EQ(brief(decide(*policy, request(), at("2026-12-01T00:00:00Z"))),
            "queued no_whitelist_match");
}

TEST(Whitelist, GoesToTheQueueWhenItsRateIsUsedUp) {
  const auto policy = policy_of(acme);
  const auto full = used("isolate_host", "quarantine-workstations", 3, now());
  const auto decision = decide(*policy, request(), now(), full);
  EXPECT_EQ(brief(decision), "queued rate_limit quarantine-workstations");
  EXPECT_EQ(brief(decide(*policy, request(), now() + std::chrono::hours{1}, full)),
            "auto whitelist quarantine-workstations");
}

TEST(Protected, HoldsBackAllButMinimal) {
  const auto policy = policy_of(acme);
  EXPECT_EQ(brief(decide(*policy, request("isolate_host", "DC01"))),
            "queued protected_target protected");
  EXPECT_EQ(brief(decide(*policy, request("isolate_host", "dc01"))),
            "queued protected_target protected");
  EXPECT_EQ(brief(decide(*policy, request("scan_host", "VCENTER-2"))),
            "queued protected_target protected");
  EXPECT_EQ(brief(decide(*policy, request("notify", "DC01"))), "auto tier");
  EXPECT_EQ(brief(decide(*policy, request("disable_user", "DC01", "user"))),
            "queued no_whitelist_match");
}

TEST(Ungrounded, HoldsBackAllButMinimal) {
  auto asked = request("block_ip", "203.0.113.9", "ip");
  asked.grounded = false;
  EXPECT_EQ(ask(tier_only("L4"), asked), "queued ungrounded_target");
  asked.action = "notify";
  EXPECT_EQ(ask(tier_only("L4"), asked), "auto tier");
}

TEST(Freeze, QueuesWhatItsTierWouldNotRun) {
  const auto policy = policy_of(acme);
  const auto christmas = at("2026-12-24T18:00:00Z");
  EXPECT_EQ(brief(decide(*policy, request(), christmas)), "queued freeze freezes");
  EXPECT_EQ(
      brief(decide(*policy, with_intel(request("block_ip", "203.0.113.9", "ip"), 0.98), christmas)),
      "queued freeze freezes");
  EXPECT_EQ(brief(decide(*policy, request("notify"), christmas)), "auto tier");
  EXPECT_EQ(brief(decide(*policy, request("add_ioc"), at("2026-12-19T23:59:59Z"))), "auto tier");
  EXPECT_EQ(brief(decide(*policy, request("add_ioc"), at("2026-12-20T00:00:00Z"))),
            "queued freeze freezes");
  EXPECT_EQ(brief(decide(*policy, request("add_ioc"), at("2027-01-03T00:00:00Z"))), "auto tier");
}

TEST(Freeze, AtL4LeavesHighToTheWhitelistAndTakesItFromForceAuto) {
  const auto policy = policy_of(R"(
tenants:
  acme:
    tier: L4
    overrides: { isolate_host: { force_auto: true } }
    whitelist: [ { id: e, action: isolate_host, target: WKS-0042, expires: 2027-01-01 } ]
    freezes: [ { from: 2026-11-01, to: 2026-12-01, tier: L4 } ])");
  EXPECT_EQ(brief(decide(*policy, request("isolate_host", "WKS-0042"))),
            "auto force_auto overrides.isolate_host");
  EXPECT_EQ(brief(decide(*policy, request("isolate_host", "WKS-0043"))), "queued freeze freezes");
}

TEST(Freeze, NeverWidens) {
  const auto policy = policy_of(R"(
tenants: { acme: { tier: L1, freezes: [ { from: 2026-11-01, to: 2026-12-01, tier: L4 } ] } })");
  EXPECT_EQ(brief(decide(*policy, request("block_ip"))), "queued tier");
}

TEST(Freeze, OfSeveralTheLowestHolds) {
  const auto policy = policy_of(R"(
tenants:
  acme:
    tier: L3
    freezes:
      - { from: 2026-11-01, to: 2026-12-01, tier: L3 }
      - { from: 2026-11-19, to: 2026-11-21, tier: L0, reason: audit })");
  const auto decision = decide(*policy, request("notify"));
  EXPECT_EQ(brief(decision), "queued freeze freezes");
  EXPECT_NE(decision.rationale.find("frozen at L0 until 2026-11-21T00:00:00Z (audit)"),
            std::string::npos);
}

TEST(Limit, QueuesWhenTheWindowIsFull) {
  const auto policy = policy_of(
      "tenants: { acme: { tier: L3, limits: { block_ip: { per_hour: 2 }, notify: { per_minute: 1 } "
      "} } }");
  const auto asked = request("block_ip", "203.0.113.9", "ip");
  EXPECT_EQ(brief(decide(*policy, asked, now(), used("block_ip", "", 1, now()))), "auto tier");
  const auto full = used("block_ip", "", 2, now());
  EXPECT_EQ(brief(decide(*policy, asked, now(), full)), "queued rate_limit limits.block_ip");
  EXPECT_EQ(brief(decide(*policy, request("block_domain"), now(), full)), "auto tier");
  EXPECT_EQ(brief(decide(*policy, request("notify"), now(), full)), "auto tier");
  const auto end = now() + std::chrono::hours{1};
  EXPECT_EQ(brief(decide(*policy, asked, end - std::chrono::microseconds{1}, full)),
            "queued rate_limit limits.block_ip");
  EXPECT_EQ(brief(decide(*policy, asked, end, full)), "auto tier");
}

TEST(Limit, OfItsOwnVerbHoldsBackMinimalToo) {
  const auto policy =
      policy_of("tenants: { acme: { tier: L1, limits: { notify: { per_minute: 1 } } } }");
  EXPECT_EQ(brief(decide(*policy, request("notify"), now(), used("notify", "", 1, now()))),
            "queued rate_limit limits.notify");
}

TEST(Limit, OfZeroKeepsAVerbInTheQueueWhateverElseIsSaidAndSaysWhy) {
  constexpr auto text = R"(
tenants:
  acme:
    tier: L4
    overrides: { disable_user: { force_auto: true } }
    whitelist: [ { id: all, action: isolate_host, target_prefix: W, expires: 2027-01-01T00:00:00Z } ]
    limits: { disable_user: { per_day: 0 }, isolate_host: { per_hour: 9, per_day: 0, reason: demoted in May }, notify: { per_minute: 0 } })";
  EXPECT_EQ(ask(text, request("disable_user", "bob", "user")),
            "queued rate_limit limits.disable_user");
  EXPECT_EQ(ask(text, request("notify")), "queued rate_limit limits.notify");
  const auto decision = decide(*policy_of(text), request());
  EXPECT_EQ(brief(decision), "queued rate_limit limits.isolate_host");
  EXPECT_TRUE(decision.rationale.ends_with("its limit is 0 (demoted in May)"))
      << decision.rationale;
}

TEST(Limit, OfZeroForSomeTargetsHoldsThoseAndNoOther) {
  constexpr auto text = R"(
tenants:
  acme:
    tier: L3
    limits:
      kill_process:
        - { per_day: 0, when: { target.kind: host }, reason: demoted in May }
        - { per_hour: 1 }
      block_ip: { per_day: 0, when: { target.value|cidr: 203.0.113.0/24 } })";
  EXPECT_EQ(ask(text, request("kill_process", "4711", "process")), "auto tier");
  const auto decision = decide(*policy_of(text), request("kill_process"));
  EXPECT_EQ(brief(decision), "queued rate_limit limits.kill_process");
  EXPECT_TRUE(decision.rationale.ends_with(
      "its limit is 0 when {\"target.kind\":\"host\"} (demoted in May)"))
      << decision.rationale;
  EXPECT_EQ(ask(text, request("block_ip", "203.0.113.9", "ip")),
            "queued rate_limit limits.block_ip");
  EXPECT_EQ(ask(text, request("block_ip", "198.51.100.9", "ip")), "auto tier");

  const auto policy = policy_of(text);
  Usage one;
  one.add({.tenant = "acme", .verb = "kill_process", .entry = "", .at = now()});
  const auto second = request("kill_process", "4711", "process");
  EXPECT_EQ(brief(decide(*policy, second, now(), one)), "queued rate_limit limits.kill_process");
}

TEST(CouldRun, IsTrueWhereATierAForceAutoOrTheWhitelistLetsSomethingRun) {
  constexpr auto text = R"(
tenants:
  acme:
    tier: L4
    authority: { review_by: 2026-12-01 }
    overrides: { disable_user: { force_auto: true, when: { confidence|gte: 0.9 } }, run_script: { block: true } }
    whitelist: [ { id: all, action: isolate_host, target_prefix: W, expires: 2027-01-01T00:00:00Z } ]
    limits: { block_domain: { per_day: 0 }, block_ip: { per_day: 1 }, kill_process: [ { per_day: 0, when: { target.kind: Host } }, { per_day: 0, when: { target.kind: ip, target.value: x } } ] }
  other: { tier: L1 })";
  const auto policy = policy_of(text);
  const auto could =
      [&](std::string_view verb, std::string_view tenant = "acme", std::string_view kind = "ip") {
        return policy->could_run(tenant, verb, kind, now());
      };
  EXPECT_TRUE(could("block_ip"));
  EXPECT_TRUE(could("disable_user"));
  EXPECT_TRUE(could("isolate_host"));
  EXPECT_FALSE(could("block_domain"));  // its limit is 0
  EXPECT_FALSE(could("kill_process", "acme", "host"));
  EXPECT_TRUE(could("kill_process", "acme", "ip"));  // all but x
  EXPECT_FALSE(could("enable_user"));                // HIGH, and nothing names it
  EXPECT_FALSE(could("wipe_host"));
  EXPECT_FALSE(could("launch_rocket"));
  EXPECT_TRUE(could("notify", "other"));
  EXPECT_FALSE(could("block_ip", "other"));
  EXPECT_FALSE(could("notify", "nobody"));
  EXPECT_FALSE(policy->could_run("acme", "block_ip", "ip", at("2026-12-01")));  // overdue: L1
}

TEST(OverdueReviews, AreThoseThatLowerATier) {
  const auto policy = policy_of(R"(
tenants:
  b: { tier: L3, authority: { owner: lead, review_by: 2026-11-20T10:00:00Z } }
  a: { tier: L2, authority: { review_by: 2026-11-01 } }
  c: { tier: L1, authority: { review_by: 2026-11-01 } }
  d: { tier: L4, authority: { review_by: 2027-11-01 } })");
  const auto overdue = policy->overdue_reviews(now());
  ASSERT_EQ(overdue.size(), 2U);
  EXPECT_EQ(overdue[0].tenant, "a");
  EXPECT_EQ(overdue[1].tenant, "b");
  EXPECT_EQ(overdue[1].granted, model::Tier::L3);
  EXPECT_EQ(overdue[1].owner, "lead");
  EXPECT_EQ(policy->overdue_reviews(now() - std::chrono::microseconds{1}).size(), 1U);
}

TEST(KillSwitch, BlocksEverythingOrWhatItNames) {
  EXPECT_EQ(ask("{ kill_switch: { all: true, reason: drill }, tenants: { acme: { tier: L4 } } }",
                request("notify")),
            "blocked kill_switch kill_switch");
  EXPECT_EQ(ask("{ kill_switch: true, tenants: { other: {} } }", request("launch_rocket")),
            "blocked kill_switch kill_switch");
  constexpr auto some = R"(
tenants: { acme: { tier: L4, kill_switch: { verbs: [block_ip], connectors: [okta] } } })";
  EXPECT_EQ(ask(some, request("block_ip")), "blocked kill_switch kill_switch");
  EXPECT_EQ(ask(some, request("block_domain")), "auto tier");
  const auto policy = policy_of(some);
  EXPECT_EQ(brief(decide(*policy, request("block_domain"), now(), Usage{}, "okta")),
            "blocked kill_switch kill_switch");
  EXPECT_EQ(brief(decide(*policy, request("block_domain"), now(), Usage{}, "entra")), "auto tier");
}

TEST(Authority, OverdueReviewLowersToL1AndSaysSo) {
  const auto policy = policy_of(acme);
  EXPECT_EQ(brief(decide(*policy, request("block_ip"), at("2027-01-31T23:59:59Z"))), "auto tier");
  const auto overdue = decide(*policy, request("block_ip"), at("2027-02-01T00:00:00Z"));
  EXPECT_EQ(brief(overdue), "queued tier");
  EXPECT_EQ(overdue.tier, model::Tier::L1);
  EXPECT_NE(overdue.rationale.find("lowered: the review was due 2027-02-01T00:00:00Z"),
            std::string::npos);
  EXPECT_EQ(brief(decide(*policy, request("notify"), at("2028-01-01"))), "auto tier");
}

TEST(Rationale, CutsWhatAnAttackerMayHaveNamed) {
  const auto decision = decide(*policy_of(acme), request("block_ip", std::string(100'000, 'x')));
  EXPECT_LT(decision.rationale.size(), 500U);
}

TEST(Request, ContextAndParametersAreSeenThroughLists) {
  constexpr auto policy = R"(
tenants:
  acme:
    overrides:
      notify: { force_auto: true, when: { context.hits.feed: abuse, parameters.list: b, requested_by.kind: agent } })";
  auto asked = request("notify");
  asked.context = {{"hits", {{{"feed", "own"}}, {{"feed", "Abuse"}}}}};
  asked.parameters = {{"list", {"a", "b"}}};
  EXPECT_EQ(ask(policy, asked), "auto force_auto overrides.notify");
  asked.parameters = {{"list", {"a"}}};
  EXPECT_EQ(ask(policy, asked), "queued tier");
}

TEST(Conditions, DoNotHoldForWhatARequestDoesNotSay) {
  const auto force = [](std::string_view when) {
    return "tenants: { acme: { tier: L0, overrides: { block_ip: { force_auto: true, when: " +
           std::string{when} + " } } } }";
  };
  auto asked = request("block_ip", "203.0.113.7", "ip");
  EXPECT_EQ(ask(force("{ confidence|lte: 1 }"), asked), "auto force_auto overrides.block_ip");
  EXPECT_EQ(ask(force("{ confidence|exists: true }"), asked), "auto force_auto overrides.block_ip");
  EXPECT_EQ(ask(force("{ requested_by.id|exists: true }"), asked), "auto force_auto overrides.block_ip");
  asked.confidence.reset();
  asked.requested_by = {};
  for (const auto* when : {"{ confidence|lte: 1 }",
                           "{ confidence|lt: 0.5 }",
                           "{ confidence: 0 }",
                           "{ confidence|exists: true }",
                           "{ requested_by.kind: '' }",
                           "{ requested_by.id|exists: true }",
                           "{ target.tags|exists: true }"})
    EXPECT_EQ(ask(force(when), asked), "queued tier") << when;
  for (const auto* when : {"{ confidence|exists: false }",
                           "{ requested_by.kind|exists: false }",
                           "{ target.tags|exists: false }"})
    EXPECT_EQ(ask(force(when), asked), "auto force_auto overrides.block_ip") << when;
}

}  // namespace
}  // namespace sallyport::gate
