#include "tests/connectors/manifest/world.hpp"
#include "tools/conformance/questions.hpp"
#include "tools/lab/vendors/intel.hpp"
#include "tools/lab/vendors/siem.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace sallyport::connectors::manifest::testing {

using model::EvidenceStatus;
using model::Trust;
using ::testing::HasSubstr;

namespace {

using conformance::Question;
using conformance::questions;

std::string named(const ::testing::TestParamInfo<Question>& info) {
  auto name = info.param.manifest + "_" + info.param.query;
  for (char& c : name)
    if (c == '/' || c == '.') c = '_';
  return name;
}

const Question& first_of(std::string_view manifest) {
  return *std::ranges::find(questions(), manifest, &Question::manifest);
}

/// A vendor of the lab, and the connector that its manifest makes.
struct Desk {
  explicit Desk(const Question& question, const std::string& wrong = {})
      : product{*conformance::product_of(question.manifest)} {
    const auto plan = plan_of(product.manifest);
    auto secrets = product.secrets;
    if (!wrong.empty())
      for (auto& [name, secret] : secrets) secret = wrong;
    auto config = lab_config(*vendor, std::move(secrets), product.options);
    for (const auto& [name, endpoint] : plan->endpoints)
      if (name != "api") config.endpoints[name] = vendor->url();
    connector =
        Connector::make(plan, config, std::make_shared<KnownPlaces>(), clock, loop.executor())
            .value();
  }

  Result<std::vector<model::Evidence>> ask(const Question& row,
                                           const model::Entity& about,
                                           std::chrono::milliseconds within) {
    const auto when = parse_rfc3339("2026-11-20T10:00:31Z").value();
    auto inquiry = inquiry_of(*connector->query(row.query), about, when, {});
    if (!inquiry) return std::unexpected{inquiry.error()};
    return wait(connector->ask(*std::move(inquiry), Deadline::in(within)));
  }

  const conformance::Product& product;
  SystemClock clock;
  std::unique_ptr<lab::VendorServer> vendor = lab::VendorServer::start(product.vendor()).value();
  Loop loop;
  std::shared_ptr<Connector> connector;
};

constexpr std::chrono::seconds patience{5};

// What every query must hold is tried by `sallyport connector test`; here is what it says besides.
class ManifestQuery : public ::testing::TestWithParam<Question> {
 protected:
  Result<std::vector<model::Evidence>> ask_known(Desk& desk,
                                                 std::chrono::milliseconds within = patience) {
    return desk.ask(GetParam(), GetParam().known, within);
  }
};

}  // namespace

TEST_P(ManifestQuery, WhatTheProductKnowsIsEvidenceOfItsEntity) {
  Desk desk{GetParam()};
  const auto answer = ask_known(desk);
  ASSERT_TRUE(answer) << answer.error().detail;
  ASSERT_FALSE(answer->empty());
  const auto& main = answer->front();
  EXPECT_EQ(main.status, EvidenceStatus::found) << main.summary;
  EXPECT_EQ(main.trust, Trust::sensor);
  EXPECT_THAT(main.source, ::testing::EndsWith(".product"));
  EXPECT_EQ(main.data.tree().at("entity").at("value").as_string(), GetParam().known.value);
  EXPECT_GE(main.data.tree().at("cost").at("requests").as_int64(), 1);
  EXPECT_THAT(main.summary, ::testing::Not(HasSubstr("the product knows it")));
  const auto& signal = GetParam().signal;
  const bool bears =
      std::ranges::find(main.signals, signal, &model::Signal::name) != main.signals.end();
  EXPECT_EQ(bears, !signal.empty());
}

TEST_P(ManifestQuery, AWrongCredentialIsSaidAndNotCalledEmpty) {
  Desk desk{GetParam(), "wrong-credential"};
  const auto answer = ask_known(desk);
  ASSERT_FALSE(answer) << answer->front().summary;
  EXPECT_EQ(answer.error().code, Errc::denied) << answer.error().detail;
  EXPECT_THAT(answer.error().detail, ::testing::Not(HasSubstr("wrong-credential")));
}

TEST_P(ManifestQuery, TooManyQuestionsAreAFailureThatMayPass) {
  Desk desk{GetParam()};
  desk.vendor->befall({.answer = {.status = 429, .headers = {{"Retry-After", "30"}}}, .times = 99});
  const auto answer = ask_known(desk, std::chrono::seconds{2});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable) << answer.error().detail;
}

INSTANTIATE_TEST_SUITE_P(Every, ManifestQuery, ::testing::ValuesIn(questions()), named);

TEST(ManifestQueries, EveryQueryOfEveryShippedManifestIsTried) {
  std::vector<std::string> untried;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root / "connectors"}) {
    if (entry.path().extension() != ".yaml") continue;
    const auto file = std::filesystem::relative(entry.path(), root / "connectors").string();
    for (const auto& [query, plan] : plan_of(file)->queries) {
      const auto tried = std::ranges::any_of(questions(), [&](const Question& row) {
        return row.manifest == file && row.query == query;
      });
      if (!tried) untried.push_back(file + " " + query);
    }
  }
  EXPECT_THAT(untried, ::testing::IsEmpty());
}

TEST(ManifestQueries, AServiceOfOthersIsNotToldWhatIsOurs) {
  const auto plan = plan_of("intel/virustotal.yaml");
  const auto told = [&](const char* query, const char* kind, const char* value) {
    const auto inquiry = inquiry_of(plan->queries.find(query)->second,
                                    {.kind = kind, .value = value},
                                    Time{},
                                    {"acme.example"});
    return inquiry ? inquiry->value : "not told";
  };
  EXPECT_EQ(told("address", "ip", "203.0.113.66"), "203.0.113.66");
  EXPECT_EQ(told("address", "ip", "10.1.2.3"), "not told");
  EXPECT_EQ(told("address", "ip", "::ffff:192.168.1.1"), "not told");
  EXPECT_EQ(told("address", "ip", "fd00::1"), "not told");
  EXPECT_EQ(told("domain", "domain", "evil.example"), "evil.example");
  EXPECT_EQ(told("domain", "domain", "vpn.acme.example"), "not told");
  EXPECT_EQ(told("domain", "domain", "ACME.example"), "not told");
  EXPECT_EQ(told("domain", "domain", "notacme.example"), "notacme.example");
  EXPECT_EQ(told("url", "url", "http://evil.example/a?token=secret#x"), "http://evil.example/a");
  EXPECT_EQ(told("url", "url", "http://10.0.0.5/a"), "not told");
  EXPECT_EQ(told("url", "url", "http://intranet/a"), "not told");
  EXPECT_EQ(told("url", "url", "https://wiki.acme.example/a"), "not told");
  EXPECT_EQ(told("url", "url", "http://user:secret@evil.example/"), "not told");
}

TEST(ManifestQueries, PartOfAnAnswerIsAFailure) {
  const auto& row = first_of("siem/elastic.yaml");
  Desk desk{row};
  desk.vendor->with<lab::ElasticLab>([](lab::ElasticLab& lab) { lab.broken_shards = 1; });
  EXPECT_FALSE(desk.ask(row, row.known, patience));
  const auto& other = first_of("siem/sentinel.yaml");
  Desk sentinel{other};
  sentinel.vendor->with<lab::SentinelLab>([](lab::SentinelLab& lab) { lab.in_part = true; });
  const auto answer = sentinel.ask(other, other.known, patience);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().detail, HasSubstr("not whole"));
}

TEST(ManifestQueries, TheQuotaThatTheServiceKeepsIsSaidInItsOwnWords) {
  const auto& row = first_of("intel/virustotal.yaml");
  Desk desk{row};
  desk.vendor->with<lab::VirusTotalLab>([](lab::VirusTotalLab& lab) { lab.quota = 1; });
  EXPECT_TRUE(desk.ask(row, row.known, patience));
  const auto answer = desk.ask(row, row.known, std::chrono::milliseconds{500});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().detail, HasSubstr("Quota exceeded"));
}

}  // namespace sallyport::connectors::manifest::testing
