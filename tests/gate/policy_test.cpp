#include "engine/gate/lint.hpp"
#include "engine/gate/request_reader.hpp"
#include "tests/gate/setting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// `error /tenants/acme/tier: ...` for each fault.
std::vector<std::string> told(const Faults& faults) {
  std::vector<std::string> lines;
  for (const auto& fault : faults)
    lines.push_back((fault.warning ? "warning " : "error ") + fault.pointer + ": " + fault.message);
  return lines;
}

std::vector<std::string> faults_in(std::string_view text) {
  return told(faults_of(text));
}

std::vector<std::string> linted(std::string_view tenant) {
  const auto document = yaml("tenants:\n  acme:\n" + std::string{tenant});
  (void)compiled(document);
  Faults faults;
  lint(document, catalogue(), now(), faults);
  return told(faults);
}

TEST(PolicyFile, ThatIsShippedIsGood) {
  const auto document =
      config::Document::load(std::string{SALLYPORT_SOURCE_DIR} + "/config/policy.yaml");
  ASSERT_TRUE(document.has_value());
  Faults faults;
  const auto policy = Policy::compile(document->root(), catalogue(), {}, faults);
  lint(document->root(), catalogue(), now(), faults);
  EXPECT_THAT(told(faults), IsEmpty());
  EXPECT_EQ(policy->tier("default", now()), model::Tier::L0);
}

TEST(PolicyFile, RefusesUnknownKeysAndWrongTypes) {
  EXPECT_THAT(faults_in("{ tenants: { acme: { tiers: L2 } } }"),
              ElementsAre("error /tenants/acme/tiers: unknown key 'tiers'; did you mean 'tier'?"));
  EXPECT_THAT(faults_in("{ tenants: { acme: { tier: L5 } } }"),
              ElementsAre(HasSubstr("error /tenants/acme/tier: expected one of L0 L1 L2 L3 L4")));
  EXPECT_THAT(faults_in("{ tenant: {} }"),
              ::testing::Contains(HasSubstr("did you mean 'tenants'?")));
  EXPECT_THAT(
      faults_in("{ tenants: { acme: { limits: { notify: { per_week: 3 } } } } }"),
      ::testing::Contains(HasSubstr("error /tenants/acme/limits/notify/per_week: unknown")));
  EXPECT_THAT(
      faults_in("{ tenants: { acme: { limits: { notify: [ { per_hour: 3, when: { target.kind: "
                "user } } ] } } } }"),
      ::testing::Contains(HasSubstr("error /tenants/acme/limits/notify/0: a limit with `when`")));
  EXPECT_THAT(
      faults_in(
          "{ tenants: { acme: { limits: { notify: [ { per_hour: 3 }, { per_day: 9 } ] } } } }"),
      ::testing::Contains(HasSubstr("error /tenants/acme/limits/notify/1: a second limit")));
  EXPECT_THAT(
      faults_in(
          "{ tenants: { acme: { limits: { notify: { per_day: 0, when: { target.knd: x } } } } } }"),
      ::testing::Contains(HasSubstr("/tenants/acme/limits/notify/when: no request has a field")));
  EXPECT_THAT(faults_in("{ tenants: { acme: { limits: { notify: { per_hour: -3 } } } } }"),
              ::testing::Contains(HasSubstr("error /tenants/acme/limits/notify/per_hour:")));
  EXPECT_THAT(faults_in("[]"), ElementsAre("error : expected a map, found a list"));
}

TEST(PolicyFile, RefusesAValueThatWasForgotten) {
  EXPECT_THAT(
      faults_in("tenants:\n  acme:\n    overrides:\n      block_ip: { force_auto: true, when: }"),
      ::testing::Contains(
          HasSubstr("error /tenants/acme/overrides/block_ip/when: nothing stands")));
  EXPECT_THAT(
      faults_in("{ tenants: { acme: { overrides: { block_ip: { block: true, unless: {} } } } } }"),
      ElementsAre(HasSubstr("an empty block would match everything")));
  EXPECT_THAT(faults_in("{ tenants: { acme: { whitelist: [ { id: a, action: isolate_host, "
                        "target_prefix: '', expires: 2027-01-01 } ] } } }"),
              ElementsAre(HasSubstr("an empty text would match every target")));
}

TEST(PolicyFile, RefusesAMisspeltVerbAndWarnsOfAStrangeOne) {
  for (const auto* place :
       {"overrides: { block_ipp: { block: true } }",
        "limits: { block_ipp: { per_hour: 1 } }",
        "kill_switch: { verbs: [block_ipp] }",
        "whitelist: [ { id: a, action: block_ipp, target: x, expires: 2027-01-01 } ]"}) {
    EXPECT_THAT(faults_in(fmt::format("{{ tenants: {{ acme: {{ {} }} }} }}", place)),
                ElementsAre(HasSubstr("did you mean 'block_ip'?")))
        << place;
  }
  const auto strange =
      faults_in("{ tenants: { acme: { overrides: { launch_rocket: { block: true } } } } }");
  EXPECT_THAT(strange,
              ElementsAre(HasSubstr("warning /tenants/acme/overrides/launch_rocket: no verb")));
}

TEST(PolicyFile, RefusesAnEntryWithoutIdActionOrExpires) {
  EXPECT_THAT(
      faults_in("{ tenants: { acme: { whitelist: [ { target: x } ] } } }"),
      ElementsAre(
          HasSubstr("needs an id"), HasSubstr("needs an action"), HasSubstr("needs expires")));
}

TEST(PolicyFile, RefusesTheSameIdTwice) {
  EXPECT_THAT(
      faults_in(R"(
tenants:
  acme:
    whitelist:
      - { id: a, action: isolate_host, target: x, expires: 2027-01-01 }
      - { id: a, action: disable_user, target: y, expires: 2027-01-01 })"),
      ElementsAre(
          "error /tenants/acme/whitelist/1/id: 'a' is the id of whitelist entry 0 already"));
}

TEST(PolicyFile, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(
      faults_in(
          "{ tenants: { acme: { overrides: { block_ip: { block: true, force_auto: true } } } } }"),
      ::testing::Contains(HasSubstr("contradict each other")));
  EXPECT_THAT(
      faults_in(
          "{ tenants: { acme: { freezes: [ { from: 2026-12-02, to: 2026-12-01, tier: L1 } ] } } }"),
      ElementsAre(HasSubstr("ends before it begins")));
  EXPECT_THAT(faults_in("{ tenants: { acme: { freezes: [ { from: 2026-12-02, tier: L1 } ] } } }"),
              ElementsAre(HasSubstr("needs from, to and tier")));
  EXPECT_THAT(faults_in("{ tenants: { acme: { whitelist: [ { id: a, action: isolate_host, "
                        "target_cidr: 10.0.0.1/8, expires: 2027-01-01 } ] } } }"),
              ElementsAre(HasSubstr("is not an address range")));
  EXPECT_THAT(faults_in("{ tenants: { acme: { whitelist: [ { id: a, action: isolate_host, "
                        "target_glob: 'a[b', expires: 2027-01-01 } ] } } }"),
              ElementsAre(HasSubstr("is not a shell pattern")));
}

TEST(PolicyFile, TellsTheFieldThatNoRequestHas) {
  EXPECT_THAT(faults_in("{ tenants: { acme: { protected: [ { target.valeu: x } ] } } }"),
              ElementsAre(HasSubstr("did you mean 'target.value'?")));
  EXPECT_THAT(faults_in("{ tenants: { acme: { protected: [ { contxt.asset.tier: x } ] } } }"),
              ElementsAre(HasSubstr("did you mean 'context.'?")));
  EXPECT_THAT(faults_in("{ tenants: { acme: { protected: [ { device.hostname: x } ] } } }"),
              ElementsAre(HasSubstr("warning /tenants/acme/protected/0: no request has a field")));
  EXPECT_THAT(
      faults_in("{ tenants: { acme: { protected: [ { device.hostname|exists: false } ] } } }"),
      ElementsAre(HasSubstr("only exists: false matches")))
      << "and that protects everything";
}

TEST(PolicyFile, FaultsHaveTheirLine) {
  const auto document = config::Document::parse(
      "tenants:\n  acme:\n    whitelist:\n      - id: a\n        action: isolate_host\n", "p.yaml");
  Faults faults;
  (void)Policy::compile(document->root(), catalogue(), {}, faults);
  EXPECT_THAT(document->render(faults), HasSubstr("p.yaml:4:"));
}

TEST(Policy, RefusesANumberThatYamlMadeOfAText) {
  const auto faults = [](std::string_view block) {
    return faults_in(fmt::format(
        "tenants: {{ acme: {{ overrides: {{ block_ip: {{ block: true, when: {} }} }} }} }}",
        block));
  };
  for (const auto* wrong : {"{ target.value|startswith: 10. }",
                            "{ target.value|endswith: [x, .1] }",
                            "{ target.value: 1.10 }",
                            "[ { target.kind: ip }, { target.value|cased|startswith: 10. } ]",
                            "{ ours: { context.host.ip|contains: .1 }, condition: not ours }"}) {
    EXPECT_THAT(faults(wrong), ElementsAre(HasSubstr("put it in quotes"))) << wrong;
  }
  EXPECT_THAT(faults("{ target.value|endswith: [x, .1] }"),
              ElementsAre(HasSubstr("block_ip/when/target.value|endswith/1: ")));
  for (const auto* right : {"{ target.value|startswith: '10.' }",
                            "{ target.value|startswith: 10 }",
                            "{ confidence|gte: 0.9, context.intel.confidence: 0.95 }",
                            "{ parameters.share|lt: .5 }"}) {
    EXPECT_THAT(faults(right), IsEmpty()) << right;
  }
}

TEST(Lint, SaysNothingOfAGoodTenant) {
  EXPECT_THAT(linted(R"(
    tier: L4
    authority: { owner: a@b, approved: 2026-11-01, review_by: 2027-02-01 }
    overrides: { block_ip: { force_auto: true, unless: { target.value|cidr: 10.0.0.0/8 } } }
    whitelist: [ { id: a, action: isolate_host, target_prefix: WKS-, expires: 2027-01-01 } ]
    freezes: [ { from: 2026-12-20, to: 2027-01-03, tier: L1 } ])"),
              IsEmpty());
}

TEST(Lint, WarnsOfEntriesThatNeverOrAlwaysMatch) {
  EXPECT_THAT(linted(R"(
    whitelist:
      - { id: a, action: block_ip, target: x, expires: 2027-01-01 }
      - { id: b, action: isolate_host, target: x, expires: 2026-11-20T10:00:00Z }
      - { id: c, action: isolate_host, target: x, target_prefix: y, expires: 2027-01-01 }
      - { id: d, action: isolate_host, expires: 2027-01-01 }
      - { id: e, action: isolate_host, target_glob: '*', constraints: { confidence|gte: 0.9 }, expires: 2027-01-01 }
      - { id: f, action: isolate_host, target: x, constraints: { confidence|gte: 95 }, expires: 2027-01-01 }
      - { id: g, action: isolate_host, target_cidr: 10.0.0.0/8, expires: 2027-01-01 })"),
              ElementsAre(HasSubstr("/0/action: can never match: the whitelist speaks for HIGH"),
                          HasSubstr("/1/expires: can never match: it has expired"),
                          HasSubstr("/2: can never match: its target"),
                          HasSubstr("/3: matches everything"),
                          HasSubstr("/4: names no target"),
                          HasSubstr("/5/constraints/confidence|gte: confidence goes from 0 to 1"),
                          HasSubstr("/6/target_cidr: isolate_host takes no addresses"),
                          HasSubstr("/6/target_cidr: 10.0.0.0/8 holds private addresses")));
}

TEST(Lint, WarnsOfEntriesWhosePartsContradictEachOther) {
  EXPECT_THAT(linted(R"(
    whitelist:
      - { id: a, action: isolate_host, target_prefix: WKS-, target_glob: 'SRV-*', expires: 2027-01-01 }
      - { id: b, action: isolate_host, target_prefix: WKS-, target_cidr: 203.0.113.0/24, expires: 2027-01-01 }
      - { id: c, action: isolate_host, target_prefix: WKS-, when: { target.kind: ip }, expires: 2027-01-01 }
      - { id: d, action: isolate_host, target_prefix: WKS-, constraints: { action: run_script }, expires: 2027-01-01 }
      - { id: e, action: isolate_host, target_prefix: WKS-, when: { target.value|startswith: srv }, expires: 2027-01-01 }
      - { id: f, action: isolate_host, target_prefix: WKS-, when: { confidence|gte: 0.9 }, constraints: { confidence|lt: 0.9 }, expires: 2027-01-01 }
    overrides: { run_script: { block: true, when: [ { confidence|gt: 0.5, confidence|lt: 0.5 } ] } }
    protected: [ { confidence|gte: 1, confidence|lte: 0.5 } ])"),
              ElementsAre(HasSubstr("run_script/when: can never match: no confidence is gt 0.5"),
                          HasSubstr("/0: can never match: no target meets all its target keys"),
                          HasSubstr("/1: can never match: no target meets"),
                          HasSubstr("/1/target_cidr: isolate_host takes no addresses"),
                          HasSubstr("/2: can never match: the verb takes no ip"),
                          HasSubstr("/3: can never match: it asks for the action run_script"),
                          HasSubstr("/4: can never match: no target that it names begins with srv"),
                          HasSubstr("/5: can never match: no confidence is gte 0.9 and lt 0.9"),
                          HasSubstr("protected/0: can never match: no confidence is gte 1")));
}

TEST(Lint, SaysNothingOfEntriesThatOnlyLookLikeContradictions) {
  EXPECT_THAT(linted(R"(
    whitelist:
      - { id: a, action: isolate_host, target_prefix: WKS-, target_glob: '*-00??', expires: 2027-01-01 }
      - { id: b, action: isolate_host, target_prefix: [WKS-, SRV-], target_glob: 'SRV-[0-9]*', expires: 2027-01-01 }
      - { id: c, action: isolate_host, target: [WKS-1, SRV-1], target_prefix: WKS-, expires: 2027-01-01 }
      - { id: d, action: isolate_host, target_prefix: WKS-, when: { target.kind: HOST, action: 'isolate_*' }, expires: 2027-01-01 }
      - { id: e, action: isolate_host, target_prefix: WKS-, when: { target.value|startswith: [srv, wks-00] }, expires: 2027-01-01 }
      - { id: f, action: isolate_host, target_prefix: WKS-, constraints: { confidence|gte: 0.9, confidence|lte: 0.9 }, expires: 2027-01-01 }
      - { id: g, action: isolate_host, target_prefix: WKS-, when: [ { confidence|gt: 0.9, confidence|lt: 0.1 }, { confidence|gt: 0.9 } ], expires: 2027-01-01 })"),
              IsEmpty());
}

TEST(Lint, WarnsOfEntriesThatTheRestOfThePolicyOverrules) {
  EXPECT_THAT(linted(R"(
    whitelist:
      - { id: a, action: isolate_host, target_prefix: WKS-, expires: 2027-01-01 }
      - { id: b, action: disable_user, target_prefix: a, expires: 2027-01-01 }
      - { id: c, action: release_host, target_prefix: WKS-, expires: 2027-01-01 }
      - { id: d, action: enable_user, target_glob: '?*', expires: 2027-01-01 }
    overrides:
      isolate_host: [ { force_auto: true, when: { confidence|gte: 0.9 } }, { block: true } ]
      release_host: { force_auto: true }
      enable_user: { block: true, when: { confidence|lt: 0.5 } }
    limits: { disable_user: { per_day: 0 }, enable_user: [ { per_day: 0, when: { target.value: root } } ] })"),
              ElementsAre(HasSubstr("isolate_host/0: does nothing: isolate_host is always blocked"),
                          HasSubstr("release_host: release_host is HIGH"),
                          HasSubstr("/0: can never fire: isolate_host is always blocked"),
                          HasSubstr("/1: can never fire: the limit of disable_user is 0"),
                          HasSubstr("/2: adds nothing: release_host is forced to run"),
                          HasSubstr("/3: matches everything")));
}

TEST(Lint, WarnsOfConditionsThatEveryRequestMeets) {
  EXPECT_THAT(linted(R"(
    whitelist:
      - { id: a, action: isolate_host, target_glob: '*', constraints: { confidence|gte: 0 }, expires: 2027-01-01 }
      - { id: b, action: isolate_host, when: { target.value|re: '.*', target.kind|exists: true }, expires: 2027-01-01 }
      - { id: c, action: isolate_host, when: { target.value: '*', confidence|gte: 0.9 }, expires: 2027-01-01 }
      - { id: d, action: isolate_host, when: [ { target.tags: lab }, { target.value: '*' } ], expires: 2027-01-01 }
    overrides:
      disable_user: { force_auto: true, when: { confidence|gte: 0, confidence|lte: 1 } }
      enable_user: { force_auto: true, when: { confidence|gte: 0.1 } }
      run_script: { force_auto: true, when: { context.ticket|exists: true } })"),
              ElementsAre(HasSubstr("disable_user: disable_user is HIGH and would run by itself"),
                          HasSubstr("/0: matches everything"),
                          HasSubstr("/1: matches everything"),
                          HasSubstr("/3: matches everything")));
}

TEST(Lint, WarnsOfPrivateAddressesHoweverTheyAreNamed) {
  for (const auto* named : {"target.value: 192.168.1.7",
                            "target.value|startswith: [203.0.113., '10.']",
                            "target.value|startswith: 172.20.",
                            "target.value|cidr: 172.16.0.0/12"}) {
    EXPECT_THAT(
        linted(fmt::format("    overrides: {{ block_ip: {{ force_auto: true, when: {{ {} }} }} }}",
                           named)),
        ElementsAre(HasSubstr("would run by itself on private addresses")))
        << named;
  }
  EXPECT_THAT(linted("    overrides: { block_ip: { force_auto: true, when: { "
                     "target.value|startswith: 172.2. } } }"),
              IsEmpty());
}

TEST(Lint, WarnsOfPrefixesThatAreAddressesAndRatesOfNothing) {
  EXPECT_THAT(linted(R"(
    authority: { owner: a@b, approved: 2026-11-21, review_by: 2027-02-01 }
    whitelist:
      - { id: a, action: isolate_host, target_prefix: 10.0.0.1, expires: 2027-01-01 }
      - { id: b, action: isolate_host, target_prefix: WKS-, max_per_day: 0, expires: 2027-01-01 })"),
              ElementsAre(HasSubstr("authority/approved: the approval is yet to come"),
                          HasSubstr("/0/target_prefix: 10.0.0.1 also begins 10.0.0.10"),
                          HasSubstr("/1/max_per_day: can never fire")));
}

TEST(Lint, WarnsOfAForceAutoThatReachesTooFar) {
  EXPECT_THAT(
      linted(R"(
    overrides:
      isolate_host: { force_auto: true }
      wipe_host: { force_auto: true }
      block_ip:
        - { force_auto: true, when: { target.value|cidr: [203.0.113.0/24, 192.168.1.0/24] } }
        - { force_auto: true, when: { context.intel.confidence|gte: 0.9 } }
      disable_user: [ { block: true }, { force_auto: true, when: { confidence|gte: 0.9 } } ])"),
      ElementsAre(
          HasSubstr("isolate_host: isolate_host is HIGH and would run by itself"),
          HasSubstr("wipe_host: does nothing"),
          HasSubstr("block_ip/0/when/target.value|cidr: block_ip would run by itself on private"),
          HasSubstr("block_ip/1: block_ip would run by itself on private addresses too"),
          HasSubstr("disable_user/1: does nothing: disable_user is always blocked")));
}

TEST(Lint, WarnsOfAuthorityAndFreezesThatDoNotHold) {
  EXPECT_THAT(linted(R"(
    tier: L2
    freezes: [ { from: 2026-01-01, to: 2026-01-02, tier: L3 } ])"),
              ElementsAre(HasSubstr("nobody is named who allowed L2"),
                          HasSubstr("the freeze is over"),
                          HasSubstr("above the tenant's tier L2")));
  EXPECT_THAT(linted("    authority: { owner: a, review_by: 2026-11-20 }"),
              ElementsAre(HasSubstr("the review is overdue")));
}

TEST(Lint, WarnsOfAKillSwitchThatBlocksNothing) {
  for (const auto* nothing : {"{}", "{ reason: incident }", "{ verbs: [] }", "{ all: false }"})
    EXPECT_THAT(linted(fmt::format("    kill_switch: {}", nothing)),
                ElementsAre(HasSubstr("/kill_switch: blocks nothing")))
        << nothing;
  for (const auto* something :
       {"true", "false", "{ all: true }", "{ verbs: [page] }", "{ connectors: [edr] }"})
    EXPECT_THAT(linted(fmt::format("    kill_switch: {}", something)), IsEmpty()) << something;
}

TEST(RequestDocument, IsReadAsInterfacesWritesIt) {
  const auto read = read_request(parse_json(R"({"tenant":"acme","action":"isolate_host",
    "target":{"kind":"host","value":"WKS-0042"},"confidence":0.97,
    "requested_by":{"kind":"agent","id":"investigation:01J..."},"parameters":{},
    "context":{"intel":{"confidence":0.98}},"ticket":"mine","connector":"edr"})")
                                     .value());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->request.requested_by.id, "investigation:01J...");
  EXPECT_TRUE(read->request.grounded);
  EXPECT_EQ(read->connector, "edr");
}

TEST(RequestDocument, IsRefusedWhenItCannotBeMeant) {
  const auto wrong = [](std::string_view rest) {
    const auto text = fmt::format(
        R"({{"tenant":"a","action":"notify","target":{{"kind":"k","value":"v"}}{}}})", rest);
    return !read_request(parse_json(text).value()).has_value();
  };
  EXPECT_FALSE(wrong(""));
  EXPECT_FALSE(wrong(R"(,"confidence":1,"context":null)"));
  for (const auto* rest : {R"(,"confidence":1.01)",
                           R"(,"confidence":-0.1)",
                           R"(,"confidence":"0.9")",
                           R"(,"grounded":"yes")",
                           R"(,"grounded":null)",
                           R"(,"context":[])",
                           R"(,"parameters":1)",
                           R"(,"requested_by":"alice")"})
    EXPECT_TRUE(wrong(rest)) << rest;
  for (const auto* text :
       {"1",
        "[]",
        "{}",
        R"({"tenant":"","action":"x","target":{"kind":"k","value":"v"}})",
        R"({"tenant":"a","action":"x","target":{"kind":"k","value":""}})",
        R"({"tenant":"a","action":"x","target":{"kind":"k","value":" v"}})",
        R"({"tenant":"a","action":"x","target":{"kind":"k","value":"v\n"}})",
        R"({"tenant":"a","action":"x","target":{"kind":"k","value":"v\u0000w"}})",
        R"({"tenant":"a","action":"x","target":{"kind":"k ","value":"v"}})",
        R"({"tenant":"a","action":"x","target":"v"})"})
    EXPECT_FALSE(read_request(parse_json(text).value()).has_value()) << text;
}

}  // namespace
}  // namespace sallyport::gate
