#include "engine/investigate/lessons.hpp"

#include <gmock/gmock.h>

namespace sallyport::investigate {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Time noon = parse_rfc3339("2026-11-28T12:00:00Z").value();

Lesson lesson(std::string investigation, model::Judgement verdict, std::string host = "WKS-1") {
  return {.of = {.tenant = "acme", .source = "wazuh", .detection = "5710"},
          .investigation = std::move(investigation),
          .verdict = verdict,
          .entities = {{"host", std::move(host)}},
          .by = "alice",
          .comment = "ours",
          .at = noon};
}

model::Alert alert(std::string host = "WKS-1", std::string detection = "5710") {
  model::Alert result{.tenant = "acme", .source = "wazuh", .detection = std::move(detection)};
  result.entities = {{.entity = {"host", std::move(host)}, .role = "device"}};
  return result;
}

std::vector<model::Evidence> answer(const Lessons& lessons, const model::Alert& about) {
  return lessons.answer_now(about)->value();
}

TEST(Lessons, LeanMoreTheMorePeopleAgree) {
  Lessons lessons;
  double before = 0;
  for (int i = 0; i < 20; ++i) {
    lessons.add(lesson(fmt::format("I{}", i), model::Judgement::false_positive));
    const auto leaning = lessons.all("acme").at(0).leaning;
    EXPECT_LT(leaning, before);
    EXPECT_GT(leaning, -1);
    before = leaning;
  }
  EXPECT_EQ(lessons.all("")[0].investigations, 20U);
  EXPECT_THAT(lessons.all("other"), IsEmpty());
}

TEST(Lessons, CancelOutWherePeopleDisagreeAndKeepTheNewestVerdictOfACase) {
  Lessons lessons;
  lessons.add(lesson("I1", model::Judgement::benign));
  lessons.add(lesson("I2", model::Judgement::malicious));
  EXPECT_EQ(lessons.all("")[0].leaning, 0);
  lessons.add(lesson("I1", model::Judgement::malicious));
  EXPECT_EQ(lessons.all("")[0].investigations, 2U);
  EXPECT_GT(lessons.all("")[0].leaning, 0);
}

TEST(Lessons, ADeniedActionSaysHalfAndNothingBesideAVerdict) {
  Lessons lessons;
  auto denied = lesson("I1", {});
  denied.verdict.reset();
  denied.benign = 0.5;
  lessons.add(denied);
  EXPECT_EQ(lessons.all("")[0].benign, 0.5);
  lessons.add(denied);
  EXPECT_EQ(lessons.all("")[0].benign, 0.5);
  lessons.add(lesson("I1", model::Judgement::malicious));
  lessons.add(denied);
  EXPECT_EQ(lessons.all("")[0].benign, 0);
  EXPECT_EQ(lessons.all("")[0].malicious, 1);
}

TEST(Lessons, BecomeEvidenceOfTheSameDetectionInTheSameTenantAlone) {
  Lessons lessons;
  lessons.add(lesson("I1", model::Judgement::benign));
  const auto same = answer(lessons, alert());
  ASSERT_THAT(same, SizeIs(2));
  EXPECT_EQ(same[0].source, "people");
  EXPECT_EQ(same[0].trust, model::Trust::trusted);
  ASSERT_THAT(same[0].signals, SizeIs(1));
  EXPECT_EQ(same[0].signals[0].name, people_benign);
  EXPECT_EQ(same[1].source, "cases");
  EXPECT_THAT(same[1].summary, HasSubstr("alice judged I1 to be benign"));
  EXPECT_THAT(same[1].signals, IsEmpty());

  const auto other = answer(lessons, alert("WKS-2", "5711"));
  ASSERT_THAT(other, SizeIs(1));
  EXPECT_EQ(other[0].status, model::EvidenceStatus::empty);
  auto foreign = alert();
  foreign.tenant = "other";
  EXPECT_THAT(answer(lessons, foreign), SizeIs(1));
}

TEST(Lessons, ShowTheCasesThatShareMostAndNotMany) {
  Lessons lessons;
  for (int i = 0; i < 10; ++i)
    lessons.add(lesson(fmt::format("I{}", i), model::Judgement::benign, fmt::format("WKS-{}", i)));
  const auto items = answer(lessons, alert("WKS-4"));
  ASSERT_THAT(items, SizeIs(4));
  EXPECT_EQ(items[1].data.tree().at("investigation"), "I4");
  const auto by_host = answer(lessons, alert("WKS-7", "other"));
  ASSERT_THAT(by_host, SizeIs(2));
  EXPECT_EQ(by_host[1].data.tree().at("investigation"), "I7");
  EXPECT_EQ(by_host[1].data.tree().at("same_detection"), false);
}

TEST(Lessons, AreTakenBackPerDetectionAndBounded) {
  Lessons lessons{{.cases = 5}};
  for (int i = 0; i < 9; ++i) lessons.add(lesson(fmt::format("I{}", i), model::Judgement::benign));
  EXPECT_EQ(lessons.all("")[0].investigations, 5U);
  lessons.forget({.tenant = "acme", .source = "wazuh", .detection = "other"});
  EXPECT_THAT(lessons.all(""), SizeIs(1));
  lessons.forget({.tenant = "acme", .source = "wazuh", .detection = "5710"});
  EXPECT_THAT(lessons.all(""), IsEmpty());
  EXPECT_EQ(answer(lessons, alert())[0].status, model::EvidenceStatus::empty);
}

}  // namespace
}  // namespace sallyport::investigate
