#include "engine/ingest/ocsf_output.hpp"

#include "engine/base/json.hpp"
#include "engine/model/verdict.hpp"

#include <gtest/gtest.h>

namespace sallyport::ingest {
namespace {

constexpr Time concluded{std::chrono::milliseconds{1'795'000'000'123}};

std::string line_of(model::EntryKind kind, std::string_view subject, std::string_view body) {
  const model::Actor actor{.kind = "agent", .id = R"(tricky "},"body":{)"};
  std::string line;
  store::append_line(line,
                     7,
                     store::no_hash,
                     {.tenant = "acme \"north\"",
                      .at = concluded,
                      .kind = kind,
                      .subject = subject,
                      .actor = actor,
                      .body = body});
  return line;
}

model::Verdict verdict() {
  return {.investigation = "01J0",
          .tenant = "acme",
          .alerts = {"a\"1", "a2"},
          .title = R"(Ransom "note" dropped)",
          .severity = "high",
          .verdict = model::Judgement::malicious,
          .confidence = 0.926,
          .reasoner = "embedded",
          .techniques = {"T1486", "T1059.001"}};
}

json::object finding_of(const model::Verdict& verdict) {
  const auto line = line_of(model::EntryKind::verdict, verdict.investigation, to_json(verdict));
  const auto entry = view_entry(line);
  const auto finding = entry ? incident_finding(*entry) : std::nullopt;
  const auto parsed = parse_json(finding.value_or("null"));
  return parsed && parsed->is_object() ? parsed->get_object() : json::object{};
}

TEST(OcsfOutput, FindsTheBodyBehindAnActorThatLooksLikeOne) {
  const auto line = line_of(model::EntryKind::updated, "s", R"({"x":",\"prev\":\""})");
  const auto entry = view_entry(line);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->body, R"({"x":",\"prev\":\""})");
  EXPECT_EQ(entry->frame.subject, "s");
}

TEST(OcsfOutput, AnIncidentFindingSaysWhatTheVerdictSays) {
  const auto event = finding_of(verdict());
  ASSERT_FALSE(event.empty());
  EXPECT_EQ(event.at("class_uid"), 2005);
  EXPECT_EQ(event.at("category_uid"), 2);
  EXPECT_EQ(event.at("type_uid"), 200501);
  EXPECT_EQ(event.at("activity_id"), 1);
  EXPECT_EQ(event.at("time"), 1'795'000'000'123);
  EXPECT_EQ(event.at("severity_id"), 4);
  EXPECT_EQ(event.at("verdict_id"), 2);
  EXPECT_EQ(event.at("status_id"), 2);
  EXPECT_EQ(event.at("confidence_score"), 93);
  EXPECT_EQ(event.at("metadata").at("uid"), "01J0");
  EXPECT_EQ(event.at("metadata").at("tenant_uid"), "acme \"north\"");
  EXPECT_EQ(event.at("metadata").at("product").at("name"), "Sallyport");
  EXPECT_EQ(event.at("finding_info_list"),
            json::parse(R"([{"uid":"a\"1","title":"Ransom \"note\" dropped"},)"
                        R"({"uid":"a2","title":"Ransom \"note\" dropped"}])"));
  EXPECT_EQ(event.at("attacks"),
            json::parse(R"([{"technique":{"uid":"T1486"}},)"
                        R"({"technique":{"uid":"T1059"},"sub_technique":{"uid":"T1059.001"}}])"));
  EXPECT_EQ(event.at("unmapped").at("sallyport"), to_json_value(verdict()));
}

TEST(OcsfOutput, EachJudgementHasItsVerdictId) {
  using enum model::Judgement;
  for (const auto& [judgement, id, status] :
       std::vector<std::tuple<model::Judgement, int, int>>{{malicious, 2, 2},
                                                           {suspicious, 4, 2},
                                                           {benign, 5, 4},
                                                           {false_positive, 1, 4},
                                                           {inconclusive, 7, 1}}) {
    auto document = verdict();
    document.verdict = judgement;
    const auto event = finding_of(document);
    EXPECT_EQ(event.at("verdict_id"), id);
    EXPECT_EQ(event.at("status_id"), status);
  }
}

TEST(OcsfOutput, WhatIsNoVerdictMakesNoFinding) {
  for (const auto* body : {"{}", R"({"title":1,"verdict":"benign"})", "{", "[]"}) {
    const auto line = line_of(model::EntryKind::verdict, "s", body);
    const auto entry = view_entry(line);
    ASSERT_TRUE(entry) << body;
    EXPECT_EQ(incident_finding(*entry), std::nullopt) << body;
  }
}

model::Catalogue catalogue() {
  Faults faults;
  auto read = model::Catalogue::read(
      json::parse(R"({"verbs":{"isolate_host":{"description":"d","blast_radius":"HIGH",)"
                  R"("targets":["host"],"parameters":{},"d3fend":"D3-NI"}}})"),
      faults);
  EXPECT_TRUE(faults.empty()) << summary(faults);
  return read;
}

TEST(OcsfOutput, AStepOfAnActionIsARemediationActivity) {
  const std::string body{
      R"({"action":"01A","state":"verified","verb":"isolate_host","target":{"kind":"host","value":"W1"}})"};
  const auto line = line_of(model::EntryKind::verified, "01A", body);
  const auto entry = view_entry(line);
  ASSERT_TRUE(entry);
  const auto step = remediation_activity(*entry, catalogue());
  ASSERT_TRUE(step);
  EXPECT_EQ(step->action, "01A");
  const auto event = parse_json(step->event);
  ASSERT_TRUE(event) << step->event;
  EXPECT_EQ(event->at("class_uid"), 7001);
  EXPECT_EQ(event->at("category_uid"), 7);
  EXPECT_EQ(event->at("activity_id"), 1);
  EXPECT_EQ(event->at("type_uid"), 700101);
  EXPECT_EQ(event->at("command_uid"), "01A");
  EXPECT_EQ(event->at("status_id"), 1);
  EXPECT_EQ(event->at("metadata").at("uid"), "01A-7");
  EXPECT_EQ(event->at("countermeasures").at(0).at("d3f_technique").at("uid"), "D3-NI");
  EXPECT_EQ(event->at("unmapped").at("sallyport"), json::parse(body));
}

TEST(OcsfOutput, AVerbWithoutTechniqueHasNoCountermeasures) {
  const auto line = line_of(
      model::EntryKind::decided, "01A", R"({"action":"01A","state":"queued","verb":"unheard_of"})");
  const auto step = remediation_activity(*view_entry(line), catalogue());
  ASSERT_TRUE(step);
  const auto event = parse_json(step->event);
  ASSERT_TRUE(event);
  EXPECT_FALSE(event->get_object().contains("countermeasures"));
  EXPECT_EQ(event->at("status_id"), 99);
  EXPECT_EQ(event->at("status"), "queued");
}

TEST(OcsfOutput, ADecisionThatNothingCarriesOutIsNoStep) {
  const auto line = line_of(model::EntryKind::decided,
                            "01J",
                            R"({"investigation":"01J","request":{"action":"isolate_host"}})");
  EXPECT_FALSE(remediation_activity(*view_entry(line), catalogue()));
}

TEST(OcsfOutput, ALineCutAnywhereIsNoEntry) {
  const auto line = line_of(model::EntryKind::verdict, "01J0", to_json(verdict()));
  for (std::size_t size = 0; size < line.size(); ++size)
    EXPECT_FALSE(view_entry(std::string_view{line}.substr(0, size))) << size;
}

}  // namespace
}  // namespace sallyport::ingest
