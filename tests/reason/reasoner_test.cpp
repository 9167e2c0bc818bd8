#include "engine/reason/reasoner.hpp"

#include "engine/config/document.hpp"
#include "engine/reason/responses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sallyport::reason {
namespace {

using model::EvidenceStatus;
using model::Trust;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::string_view file = R"(
prior: { unknown: -1, informational: -2.5, low: -1.5, medium: -0.6, high: 0.4, critical: 1.5 }
thresholds: { malicious: 0.9, suspicious: 0.5, close: 0.1 }
weights:
  intel.known_bad: { weight: 3 }
  alert.impact: { weight: 1.5 }
  text.tool: { weight: 4 }
  asset.scanner: { weight: -4, closes: benign }
  text.calm: { weight: -4, closes: benign }
  alert.cleared: { weight: -2, closes: false_positive }
  people.malicious: { weight: 1.5 }
  people.benign: { weight: -1.5 }
  history.rare: { weight: 4, circumstance: true }
responses:
  - action: block_ip
    target: { kind: ip, flagged_by: [intel.known_bad], public_address: true }
    when: { verdicts: [malicious] }
  - action: kill_process
    target: { kind: process }
    when: { verdicts: [malicious] }
    parameters_from: { host: { kind: host } }
  - { action: acknowledge_alert, fallback: true, target: { kind: alert }, when: { verdicts: [benign] }, parameters: { status: resolved } }
  - { action: create_ticket, fallback: true, target: { kind: alert }, parameters: { title: "${{ verdict }}: ${{ alert.title }}" } }
)";

model::Catalogue catalogue() {
  const auto document = config::Document::parse(R"(
verbs:
  block_ip: { blast_radius: MEDIUM, targets: [ip] }
  kill_process: { blast_radius: MEDIUM, targets: [process], parameters: { required: [host] } }
  acknowledge_alert: { blast_radius: MINIMAL, targets: [alert] }
  create_ticket: { blast_radius: MINIMAL, targets: [alert], parameters: { required: [title] } }
)",
                                                "actions.yaml");
  Faults faults;
  return model::Catalogue::read(document->root(), faults);
}

std::optional<Reasoner> read(std::string_view text, Faults& faults) {
  const auto document = config::Document::parse(text, "reasoner.yaml");
  EXPECT_TRUE(document);
  return Reasoner::read(document->root(), catalogue(), faults);
}

Reasoner reasoner() {
  Faults faults;
  auto result = read(file, faults);
  EXPECT_TRUE(faults.empty()) << summary(faults);
  return *result;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  text.replace(text.find(what), what.size(), with);
  return text;
}

model::Alert alert(model::Severity severity = model::Severity::medium) {
  return {.tenant = "acme",
          .uid = "u1",
          .title = "Title",
          .severity = severity,
          .entities = {{{"ip", "198.51.100.7"}, "src", true},
                       {{"ip", "10.0.0.5"}, "dst", true},
                       {{"host", "WKS-1"}, "device", true}}};
}

model::Evidence evidence(std::string id,
                         std::string source,
                         Trust trust,
                         std::vector<std::string> signals) {
  model::Evidence result{.id = std::move(id),
                         .source = std::move(source),
                         .status = EvidenceStatus::found,
                         .trust = trust};
  for (auto& name : signals) result.signals.push_back({std::move(name), 1});
  return result;
}

model::Evidence intel(std::string id, std::string_view ip) {
  auto result = evidence(std::move(id), "intel", Trust::trusted, {"intel.known_bad"});
  result.data = {{"entity", {{"kind", "ip"}, {"value", ip}}}};
  return result;
}

model::Evidence sensor() {
  return evidence("E1", "alert", Trust::sensor, {});
}

std::vector<std::string> actions(const Judgement& judgement) {
  std::vector<std::string> result;
  for (const auto& proposal : judgement.proposals) result.push_back(proposal.action);
  return result;
}

TEST(Reasoner, ExplainsItselfTermByTerm) {
  const std::vector evidence{sensor(), intel("E2", "198.51.100.7")};
  const auto judged = reasoner().judge(alert(), evidence);
  ASSERT_EQ(judged.explanation.size(), 2U);
  EXPECT_EQ(judged.explanation[0].term, "prior");
  EXPECT_DOUBLE_EQ(judged.explanation[0].weight, -0.6);
  EXPECT_EQ(judged.explanation[1].term, "intel.known_bad");
  EXPECT_EQ(judged.explanation[1].evidence, std::vector<std::string>{"E2"});
  EXPECT_DOUBLE_EQ(judged.probability, 0.9168);  // 1 / (1 + e^-(3 - 0.6))
}

TEST(Reasoner, ContainsOnTwoSourcesAndOnlyWhatTheEvidenceIsAbout) {
  const std::vector evidence{sensor(), intel("E2", "198.51.100.7")};
  const auto judged = reasoner().judge(alert(), evidence);
  EXPECT_EQ(judged.verdict, model::Judgement::malicious);
  ASSERT_EQ(actions(judged), std::vector<std::string>{"block_ip"});
  EXPECT_EQ(judged.proposals[0].target.value, "198.51.100.7");
  EXPECT_THAT(judged.proposals[0].evidence, Contains("E2"));
}

TEST(Reasoner, IsOnlySuspiciousOnASingleSource) {
  auto item = sensor();
  item.signals = {{"alert.impact", 1}};
  const std::vector evidence{item};
  const auto judged = reasoner().judge(alert(model::Severity::critical), evidence);
  EXPECT_GE(judged.probability, 0.9);
  EXPECT_EQ(judged.verdict, model::Judgement::suspicious);
  EXPECT_DOUBLE_EQ(judged.confidence, 0.85);
  EXPECT_EQ(actions(judged), std::vector<std::string>{"create_ticket"});
}

TEST(Reasoner, LetsTextRaiseButNeitherContainNorBeASecondSource) {
  const std::vector alone{sensor(), evidence("E2", "alert.text", Trust::untrusted, {"text.tool"})};
  EXPECT_EQ(reasoner().judge(alert(), alone).verdict, model::Judgement::suspicious);

  // Intelligence about what only text names is worth no more than the text.
  auto named_by_text = intel("E3", "198.51.100.7");
  named_by_text.trust = Trust::untrusted;
  const std::vector with_intel{sensor(), alone[1], named_by_text};
  const auto judged = reasoner().judge(alert(), with_intel);
  EXPECT_EQ(judged.verdict, model::Judgement::suspicious);
  EXPECT_EQ(actions(judged), std::vector<std::string>{"create_ticket"});

  // A second source makes it malicious; what only text raised that far is still not contained.
  auto weak = intel("E4", "198.51.100.7");
  weak.signals = {{"intel.known_bad", 0.4}};
  const std::vector raised{sensor(), alone[1], weak};
  const auto with_text = reasoner().judge(alert(), raised);
  EXPECT_EQ(with_text.verdict, model::Judgement::malicious);
  EXPECT_EQ(actions(with_text), std::vector<std::string>{"create_ticket"});
}

TEST(Reasoner, NeverLowersForTextAnAttackerCanWrite) {
  const std::vector calm{sensor(), evidence("E2", "alert.text", Trust::untrusted, {"text.calm"})};
  const std::vector plain{sensor()};
  const auto with = reasoner().judge(alert(model::Severity::low), calm);
  const auto without = reasoner().judge(alert(model::Severity::low), plain);
  EXPECT_EQ(with.probability, without.probability);
  EXPECT_EQ(with.verdict, without.verdict);
}

TEST(Reasoner, LetsASeverityThatAnybodyCouldWriteRaiseOnly) {
  auto unsigned_alert = sensor();
  unsigned_alert.trust = Trust::untrusted;
  const std::vector evidence_{unsigned_alert, intel("E2", "198.51.100.7")};
  const auto low = reasoner().judge(alert(model::Severity::informational), evidence_);
  EXPECT_DOUBLE_EQ(low.explanation[0].weight, -1);
  const auto high = reasoner().judge(alert(model::Severity::critical), evidence_);
  EXPECT_DOUBLE_EQ(high.explanation[0].weight, 1.5);
  EXPECT_EQ(actions(high), std::vector<std::string>{"create_ticket"});
}

TEST(Reasoner, ClosesOnEvidenceOfOurOwn) {
  const std::vector evidence_{sensor(), evidence("E2", "asset", Trust::trusted, {"asset.scanner"})};
  const auto judged = reasoner().judge(alert(), evidence_);
  EXPECT_EQ(judged.verdict, model::Judgement::benign);
  EXPECT_EQ(judged.proposals[0].evidence, std::vector<std::string>{"E2"});
}

TEST(Reasoner, DoesNotCloseWithoutAReasonToClose) {
  const std::vector evidence{sensor()};
  const auto judged = reasoner().judge(alert(model::Severity::informational), evidence);
  EXPECT_LT(judged.probability, 0.1);
  EXPECT_EQ(judged.verdict, model::Judgement::inconclusive);
}

TEST(Reasoner, DoesNotCloseWhileSomethingIsMissing) {
  std::vector evidence_{sensor(), evidence("E2", "asset", Trust::trusted, {"asset.scanner"})};
  evidence_.push_back({.id = "E3", .source = "intel", .status = EvidenceStatus::failed});
  const auto judged = reasoner().judge(alert(), evidence_);
  EXPECT_EQ(judged.verdict, model::Judgement::inconclusive);
}

TEST(Reasoner, TakesNothingOutOfSightUnderSuspicionOfInjection) {
  const std::vector evidence_{
      sensor(),
      evidence("E2", "asset", Trust::trusted, {"asset.scanner"}),
      evidence("E3", "alert.text", Trust::untrusted, {std::string{injection_suspected}})};
  const auto clean = reasoner().judge(alert(), std::span{evidence_}.first(2));
  EXPECT_EQ(actions(clean), std::vector<std::string>{"acknowledge_alert"});
  const auto injected = reasoner().judge(alert(), evidence_);
  EXPECT_EQ(injected.verdict, clean.verdict);
  EXPECT_EQ(injected.confidence, clean.confidence);
  EXPECT_EQ(actions(injected), std::vector<std::string>{"create_ticket"});
}

TEST(Reasoner, MarksTargetsThatOnlyTextNames) {
  auto a = alert();
  a.entities[0].grounded = false;
  const std::vector evidence_{sensor(), intel("E2", "198.51.100.7")};
  const auto judged = reasoner().judge(a, evidence_);
  ASSERT_EQ(actions(judged), std::vector<std::string>{"block_ip"});
  EXPECT_FALSE(judged.proposals[0].grounded);
}

TEST(Reasoner, BlocksNoPrivateAddress) {
  const std::vector evidence_{sensor(), intel("E2", "10.0.0.5")};
  EXPECT_EQ(actions(reasoner().judge(alert(), evidence_)),
            std::vector<std::string>{"create_ticket"});
}

TEST(Reasoner, TakesParametersFromOtherEntities) {
  auto a = alert();
  a.entities.push_back({{"process", "evil.exe"}, "process", true});
  const std::vector evidence_{sensor(), intel("E2", "198.51.100.7")};
  const auto judged = reasoner().judge(a, evidence_);
  ASSERT_EQ(judged.proposals.size(), 2U);
  EXPECT_EQ(judged.proposals[1].parameters.at("host"), "WKS-1");
}

TEST(Reasoner, TagsATargetWithWhatTheInventorySays) {
  auto asset = evidence("E3", "asset", Trust::trusted, {});
  asset.data = {{"entity", {{"kind", "ip"}, {"value", "198.51.100.7"}}}, {"tags", {"partner"}}};
  const std::vector evidence_{sensor(), intel("E2", "198.51.100.7"), asset};
  const auto judged = reasoner().judge(alert(), evidence_);
  EXPECT_EQ(judged.proposals[0].target.tags, std::vector<std::string>{"partner"});
}

TEST(Reasoner, PutsTextIntoAMessageAsDataOnly) {
  auto a = alert();
  a.title = "x ${{ alert.uid }}\n" + std::string(500, 'y');
  const std::vector evidence_{sensor()};
  const auto title =
      reasoner().judge(a, evidence_).proposals[0].parameters.at("title").get_string();
  EXPECT_TRUE(title.starts_with("inconclusive: x ${{ alert.uid }} yyy")) << title;
  EXPECT_LE(title.size(), 230U);
}

TEST(Reasoner, GivesTheSameAnswerEachTime) {
  const std::vector evidence_{sensor(), intel("E2", "198.51.100.7")};
  const auto first = reasoner().judge(alert(), evidence_);
  for (int i = 0; i < 20; ++i) {
    const auto again = reasoner().judge(alert(), evidence_);
    EXPECT_EQ(again.confidence, first.confidence);
    EXPECT_EQ(to_json(again.explanation), to_json(first.explanation));
    EXPECT_EQ(to_json(again.proposals), to_json(first.proposals));
  }
}

TEST(Reasoner, RefusesAFileThatCouldLeaveAnAlertWithoutADecision) {
  Faults faults;
  EXPECT_FALSE(read(
      replaced(std::string{file}, "create_ticket, fallback: true, ", "create_ticket, "), faults));
  EXPECT_THAT(summary(faults), HasSubstr("every alert must lead to a decision"));
}

TEST(Reasoner, RefusesWhatItCannotStandFor) {
  const auto fault = [](std::string_view what, std::string_view with) {
    Faults faults;
    EXPECT_FALSE(read(replaced(std::string{file}, what, with), faults)) << with;
    return summary(faults);
  };
  EXPECT_THAT(fault("action: block_ip", "action: block_everything"), HasSubstr("not a verb"));
  EXPECT_THAT(fault("{ kind: ip, flagged", "{ kind: host, flagged"), HasSubstr("does not take"));
  EXPECT_THAT(fault("alert.impact: { weight: 1.5 }", "alert.impact: { weight: 99 }"),
              HasSubstr("between"));
  EXPECT_THAT(fault("text.tool: { weight: 4 }", "injection_suspected: { weight: 4 }"),
              HasSubstr("flag"));
  EXPECT_THAT(fault("weight: 3 }", "weight: 3, closes: benign }"), HasSubstr("negative"));
  EXPECT_THAT(fault("${{ verdict }}", "${{ env.HOME }}"), HasSubstr("cannot be put in"));
  EXPECT_THAT(fault("parameters_from: { host: { kind: host } }", "why: x"),
              HasSubstr("needs the parameter 'host'"));
  EXPECT_THAT(fault("suspicious: 0.5", "suspicius: 0.5"), HasSubstr("suspicius"));
}

TEST(PublicAddress, TellsRoutedAddressesFromOthers) {
  for (const auto* text : {"8.8.8.8", "198.51.100.7", "2001:4860:4860::8888", "::ffff:8.8.8.8"})
    EXPECT_TRUE(is_public_address(text)) << text;
  for (const auto* text : {"10.1.2.3",
                           "172.31.0.1",
                           "192.168.1.1",
                           "127.0.0.1",
                           "169.254.1.1",
                           "100.64.0.1",
                           "224.0.0.1",
                           "255.255.255.255",
                           "0.0.0.0",
                           "fe80::1",
                           "fd00::1",
                           "::1",
                           "::ffff:10.0.0.1",
                           "example.org",
                           ""})
    EXPECT_FALSE(is_public_address(text)) << text;
}

/// A model's answer that cites `ids` and picks `actions`.
Answer said(model::Judgement verdict,
            std::vector<std::string> ids = {},
            std::vector<PickedAction> actions = {}) {
  Answer answer{.verdict = verdict};
  for (auto& id : ids) answer.citations.push_back({.evidence = std::move(id), .quote = "..."});
  answer.actions = std::move(actions);
  return answer;
}

const model::Evidence product = evidence("E1", "alert", Trust::sensor, {});
const model::Evidence scanner = evidence("E2", "asset", Trust::trusted, {"asset.scanner"});
const model::Evidence tool = evidence("E3", "alert.text", Trust::untrusted, {"text.tool"});

TEST(Opinion, RaisesAsItLikesButNotToMaliciousWithoutTwoSources) {
  const std::vector items{product};
  const auto judge = [&](const Answer& answer) {
    return reasoner().judge(alert(), items, {.answer = &answer});
  };
  EXPECT_EQ(judge(said(model::Judgement::suspicious, {"E1"})).verdict,
            model::Judgement::suspicious);
  const auto bounded = judge(said(model::Judgement::malicious, {"E1"}));
  EXPECT_EQ(bounded.verdict, model::Judgement::suspicious);
  EXPECT_THAT(bounded.kept, HasSubstr("two independent sources"));
}

TEST(Opinion, LowersOnlyByEvidenceThatLowersAndThatNoAttackerCanWrite) {
  // Text that an attacker wrote says it is calm; the model believes it.
  const std::vector text_only{
      product, tool, evidence("E4", "alert.text", Trust::untrusted, {"text.calm"})};
  for (const auto verdict : {model::Judgement::benign,
                             model::Judgement::false_positive,
                             model::Judgement::inconclusive}) {
    const auto answer = said(verdict, {"E1", "E3", "E4"});
    const auto kept = reasoner().judge(alert(), text_only, {.answer = &answer});
    EXPECT_EQ(kept.verdict, model::Judgement::suspicious) << name_of(verdict);
    EXPECT_FALSE(kept.kept.empty());
  }
  // Our own inventory says it is a scanner: one step down, and not to the end.
  const std::vector ours{product,
                         evidence("E3", "alert.text", Trust::untrusted, {"text.tool"}),
                         evidence("E5", "intel", Trust::trusted, {"intel.known_bad"}),
                         scanner};
  const auto without = reasoner().judge(alert(), ours);
  ASSERT_EQ(without.verdict, model::Judgement::suspicious);
  const auto cited = said(model::Judgement::benign, {"E2"});
  EXPECT_EQ(reasoner().judge(alert(), ours, {.answer = &cited}).verdict,
            model::Judgement::inconclusive);
  const auto uncited = said(model::Judgement::benign, {"E1"});
  EXPECT_EQ(reasoner().judge(alert(), ours, {.answer = &uncited}).verdict,
            model::Judgement::suspicious);
}

TEST(Opinion, ClosesNothingThatSpeaksToItsReader) {
  const std::vector items{
      product, scanner, evidence("E4", "alert.text", Trust::untrusted, {"alert.impact"})};
  const auto answer = said(model::Judgement::benign, {"E2"});
  EXPECT_EQ(reasoner().judge(alert(), items, {.answer = &answer}).verdict,
            model::Judgement::benign);
  EXPECT_NE(reasoner().judge(alert(), items, {.answer = &answer, .injected = true}).verdict,
            model::Judgement::benign);
}

TEST(Opinion, LeadsToNoContainmentOfItsOwn) {
  const auto place = std::size_t{1};  // 198.51.100.7
  const auto picks = [&](const std::vector<model::Evidence>& items, bool injected = false) {
    const auto answer = said(model::Judgement::malicious,
                             {"E1"},
                             {{.verb = "block_ip", .entity = place, .evidence = {}, .why = "bad"},
                              {.verb = "kill_process", .entity = place, .evidence = {}, .why = ""},
                              {.verb = "acknowledge_alert", .entity = 0, .evidence = {}, .why = ""},
                              {.verb = "block_ip", .entity = 99, .evidence = {}, .why = ""}});
    std::vector<std::string> actions;
    const auto judged = reasoner().judge(alert(), items, {.answer = &answer, .injected = injected});
    for (const auto& proposal : judged.proposals)
      actions.push_back(proposal.action + " " + proposal.target.value);
    return actions;
  };
  EXPECT_THAT(picks({product, tool}), ::testing::ElementsAre("create_ticket u1"));
  const std::vector firm{product,
                         evidence("E2", "intel", Trust::trusted, {"intel.known_bad"}),
                         evidence("E3", "edr", Trust::trusted, {"alert.impact"})};
  EXPECT_THAT(picks(firm), ::testing::ElementsAre("block_ip 198.51.100.7", "create_ticket u1"))
      << "the table itself proposes nothing here, so its fallback stands too";
  EXPECT_THAT(picks(firm, true), ::testing::ElementsAre("create_ticket u1"))
      << "not while the text speaks to its reader";
}

TEST(Opinion, MovesAConfidenceThatIsComputed) {
  const std::vector items{product, evidence("E2", "intel", Trust::trusted, {"intel.known_bad"})};
  const auto without = reasoner().judge(alert(), items);
  const auto agreed = said(model::Judgement::malicious, {"E1", "E2"});
  const auto one_source = said(model::Judgement::malicious, {"E2"});
  const auto with = [&](const Answer& answer) {
    return reasoner().judge(alert(), items, {.answer = &answer});
  };
  EXPECT_GT(with(agreed).confidence, with(one_source).confidence);
  EXPECT_GT(with(one_source).confidence, without.confidence);
  EXPECT_EQ(with(agreed).explanation.back().term, "model.malicious");
  EXPECT_EQ(with(agreed).explanation.back().weight, 2);
  EXPECT_EQ(with(one_source).explanation.back().weight, 1);
  const auto lowering = said(model::Judgement::benign, {"E1", "E2"});
  EXPECT_EQ(with(lowering).probability, without.probability) << "it may not lower";
}

TEST(Opinion, OffersWhatTheTableHoldsForTheEntitiesOfTheAlert) {
  const auto offers = reasoner().offers(entities_of(alert()));
  ASSERT_EQ(offers.size(), 1U) << "no process, and fallbacks are not offered";
  EXPECT_EQ(offers[0].verb, "block_ip");
  EXPECT_THAT(offers[0].entities, ::testing::ElementsAre(1U)) << "not the private address";
  EXPECT_THAT(reasoner().verbs(), ::testing::ElementsAre("block_ip", "kill_process"));
}

model::Evidence people(std::string_view signal) {
  return evidence("E9", "people", Trust::trusted, {std::string{signal}});
}

TEST(Reasoner, WhatPeopleTaughtLowersAndNeverCloses) {
  auto cleared = sensor();
  cleared.signals = {{"alert.cleared", 0.75}};
  // -0.6 - 1.5 = -2.1: not below the threshold; with what was learned, -3.6, it would be.
  const std::vector both{cleared, people("people.benign")};
  const auto judged = reasoner().judge(alert(), both);
  EXPECT_LT(judged.probability, 0.1);
  EXPECT_EQ(judged.verdict, model::Judgement::inconclusive);
  const std::vector alone{sensor(), people("people.benign")};
  EXPECT_EQ(reasoner().judge(alert(), alone).verdict, model::Judgement::inconclusive);
  const std::vector bad{sensor(), people("people.benign")};
  EXPECT_EQ(reasoner().judge(alert(model::Severity::critical), bad).verdict,
            model::Judgement::suspicious);  // 1.5 - 1.5
}

TEST(Reasoner, WhatPeopleTaughtIsNoSecondSourceForAnAction) {
  auto impact = sensor();
  impact.signals = {{"alert.impact", 1}};
  const std::vector taught{impact, people("people.malicious")};
  const auto judged = reasoner().judge(alert(model::Severity::critical), taught);
  EXPECT_EQ(judged.verdict, model::Judgement::suspicious);
}

TEST(Reasoner, WhatPeopleTaughtIsBoundedWhateverTheFileSays) {
  Faults faults;
  EXPECT_FALSE(read(
      replaced(
          std::string{file}, "people.benign: { weight: -1.5 }", "people.benign: { weight: -1.6 }"),
      faults));
  EXPECT_THAT(summary(faults), HasSubstr("at most 1.5"));
  faults.clear();
  EXPECT_FALSE(read(replaced(std::string{file},
                             "people.benign: { weight: -1.5 }",
                             "people.benign: { weight: -1.5, closes: benign }"),
                    faults));
  EXPECT_THAT(summary(faults), HasSubstr("never closes"));
}

TEST(Reasoner, WhatAProductSaysOfOneAlertLowersNothingForAnother) {
  auto cleared = sensor();
  cleared.signals = {{"alert.cleared", 1}};
  auto other = sensor();
  other.id = "E2";
  const std::vector one{cleared};
  EXPECT_EQ(reasoner().judge(alert(), one).verdict, model::Judgement::false_positive);
  const std::vector two{cleared, other};
  EXPECT_EQ(reasoner().judge(alert(), two).verdict, model::Judgement::inconclusive);
}

TEST(Reasoner, ASeverityThatAnybodyWroteRaisesAStoryAndCarriesNoAction) {
  auto low = sensor();
  low.data = {{"severity", "low"}};
  auto anybody = evidence("E2", "alert", Trust::untrusted, {});
  anybody.data = {{"severity", "critical"}};
  const std::vector story{low, anybody};
  const auto judged = reasoner().judge(alert(model::Severity::critical), story);
  EXPECT_EQ(judged.verdict, model::Judgement::suspicious);
  EXPECT_DOUBLE_EQ(judged.explanation[0].weight, 1.5);
  const std::vector listed{low, anybody, intel("E3", "198.51.100.7")};
  EXPECT_THAT(actions(reasoner().judge(alert(model::Severity::critical), listed)),
              ::testing::Not(Contains("block_ip")));
}

TEST(Reasoner, ACircumstanceRaisesAndCarriesNothing) {
  const auto rare = evidence("E2", "history", Trust::trusted, {"history.rare"});
  const auto judged = reasoner().judge(alert(), std::vector{sensor(), rare});
  EXPECT_EQ(judged.verdict,
            model::Judgement::suspicious);  // beside another one it would be malicious
  EXPECT_EQ(actions(judged), std::vector<std::string>{"create_ticket"});
  const auto alone = reasoner().judge(
      alert(), std::vector{evidence("E1", "alert.text", Trust::untrusted, {"text.tool"}), rare});
  EXPECT_EQ(alone.verdict, model::Judgement::suspicious);
}

TEST(Reasoner, ACircumstanceCannotLower) {
  Faults faults;
  EXPECT_FALSE(read(replaced(std::string{file}, "weight: 4, circ", "weight: -4, circ"), faults));
  EXPECT_THAT(summary(faults), HasSubstr("a circumstance can only raise"));
}

TEST(Reasoner, WhatAnybodyClaimsCountsLessBesideTheEventThatItCarries) {
  Faults faults;
  const auto claims = read(
      "claimed: { unknown: -1, informational: -1, low: -1, medium: -1, high: -1, critical: -1 }" +
          std::string{file},
      faults);
  ASSERT_TRUE(claims) << summary(faults);
  auto word = evidence("E1", "alert", Trust::untrusted, {});
  EXPECT_EQ(claims->judge(alert(model::Severity::high), std::vector{word}).verdict,
            model::Judgement::suspicious);
  word.data = {{"borne_out", 0.1}};
  EXPECT_EQ(claims->judge(alert(model::Severity::high), std::vector{word}).verdict,
            model::Judgement::inconclusive);
  // A product's own severity counts as it did.
  EXPECT_EQ(claims->judge(alert(model::Severity::high), std::vector{sensor()}).verdict,
            model::Judgement::suspicious);
}

}  // namespace
}  // namespace sallyport::reason
