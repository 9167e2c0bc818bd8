#include "connectors/manifest/enricher.hpp"

#include "engine/config/document.hpp"
#include "engine/investigate/investigator.hpp"
#include "tests/connectors/manifest/world.hpp"
#include "tools/lab/vendors/intel.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>

#include <algorithm>

namespace sallyport::connectors::manifest::testing {

using lab::KnownBad;
using lab::VirusTotalLab;
using model::EvidenceStatus;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

constexpr std::chrono::seconds patience{5};

std::shared_ptr<const model::Alert> alert_of(std::vector<model::Entity> entities,
                                             const std::string& tenant = "acme") {
  auto alert = std::make_shared<model::Alert>();
  alert->tenant = tenant;
  alert->uid = "a-1";
  alert->source = "suricata";
  alert->detection = "ET SCAN";
  alert->title = "Outbound connection";
  alert->severity = model::Severity::high;
  alert->time = parse_rfc3339("2026-11-20T10:00:00Z").value();
  alert->received_at = alert->time;
  for (auto& entity : entities) alert->entities.push_back({std::move(entity), "dst", true});
  alert->finding = {{"class_uid", 2004}, {"severity_id", 4}};
  return alert;
}

model::Entity ip(std::string_view value) {
  return {.kind = "ip", .value = std::string{value}};
}

/// VirusTotal of the lab, asked as the settings would have it.
struct Enrichment {
  explicit Enrichment(EnrichConfig enrich = {}, const std::string& url = "") {
    auto config = lab_config(*vendor, {{"api_key", "lab-intel-key"}});
    config.name = "vt";
    config.manifest = root / "connectors/intel/virustotal.yaml";
    if (!url.empty()) config.base_url = url;
    auto live =
        LiveConnector::make(config,
                            {.catalogue = std::make_shared<const model::Catalogue>(catalogue()),
                             .clock = clock,
                             .executor = loop.executor(),
                             .places = std::make_shared<KnownPlaces>()});
    EXPECT_TRUE(live) << live.error().detail;
    asking = Asking::make(*live, enrich).value();
    enricher = std::make_shared<ProductEnricher>(asking);
  }

  std::vector<model::Evidence> of(const std::shared_ptr<const model::Alert>& alert,
                                  std::chrono::milliseconds within = patience) {
    auto answer = wait(enricher->enrich(alert, Deadline::in(within)));
    EXPECT_TRUE(answer) << answer.error().detail;
    return answer.value_or(std::vector<model::Evidence>{});
  }

  SystemClock clock;
  std::unique_ptr<lab::VendorServer> vendor =
      lab::VendorServer::start(std::make_unique<VirusTotalLab>()).value();
  Loop loop;
  std::shared_ptr<const Asking> asking;
  std::shared_ptr<ProductEnricher> enricher;
};

/// Takes connections and never says a word.
struct Silent {
  asio::io_context loop;
  asio::ip::tcp::acceptor acceptor{loop, {asio::ip::make_address("127.0.0.1"), 0}};

  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}", acceptor.local_endpoint().port());
  }
};

std::vector<EvidenceStatus> statuses(const std::vector<model::Evidence>& evidence) {
  std::vector<EvidenceStatus> all;
  for (const auto& item : evidence)
    if (!item.source.ends_with(".text")) all.push_back(item.status);
  return all;
}

std::shared_ptr<const investigate::Rules> rules() {
  Faults faults;
  const auto document = config::Document::load(root / "config/reasoner.yaml").value();
  auto read = investigate::Rules::read(document.root(), catalogue(), faults);
  EXPECT_TRUE(read) << summary(faults);
  return read;
}

}  // namespace

TEST(ProductEnricher, EachEntityThatAQueryAnswersForIsAskedAbout) {
  Enrichment vt;
  const auto evidence = vt.of(alert_of({ip(KnownBad::ip),
                                        ip("198.51.100.77"),
                                        {.kind = "hash", .value = std::string{KnownBad::sha256}},
                                        {.kind = "host", .value = "WKS-0042"}}));
  EXPECT_THAT(statuses(evidence),
              ::testing::UnorderedElementsAre(
                  EvidenceStatus::found, EvidenceStatus::empty, EvidenceStatus::found));
  EXPECT_THAT(evidence, Contains(Field(&model::Evidence::source, "intel.vt")));
  EXPECT_EQ(vt.vendor->requests().size(), 3U);
}

TEST(ProductEnricher, WithNothingToAskItAnswersAtOnceAndSaysNothing) {
  Enrichment vt;
  const auto now = vt.enricher->answer_now(*alert_of({ip("10.0.0.5"), {"user", "alice"}}));
  ASSERT_TRUE(now);
  EXPECT_THAT(now->value(), IsEmpty());
  EXPECT_THAT(vt.vendor->requests(), IsEmpty());
}

TEST(ProductEnricher, WhatWasAskedOnceIsAnsweredAtOnceAndCostsNothingMore) {
  Enrichment vt;
  const auto alert = alert_of({ip(KnownBad::ip)});
  EXPECT_FALSE(vt.enricher->answer_now(*alert));
  (void)vt.of(alert);
  const auto now = vt.enricher->answer_now(*alert);
  ASSERT_TRUE(now);
  ASSERT_FALSE(now->value().empty());
  EXPECT_TRUE(now->value().front().data.tree().at("cost").at("shared").as_bool());
  EXPECT_EQ(now->value().front().status, EvidenceStatus::found);
  EXPECT_EQ(vt.vendor->requests().size(), 1U);
}

TEST(ProductEnricher, TheNumberOfEntitiesIsBoundedAndWhatIsLeftOutIsSaid) {
  Enrichment vt{{.most = 2}};
  const auto evidence =
      vt.of(alert_of({ip("198.51.100.1"), ip("198.51.100.2"), ip("198.51.100.3")}));
  EXPECT_EQ(vt.vendor->requests().size(), 2U);
  EXPECT_EQ(evidence.back().status, EvidenceStatus::not_collected);
  EXPECT_THAT(evidence.back().summary, HasSubstr("1 more entities"));
}

TEST(ProductEnricher, TheOperatorSaysAboutWhatAndForWhomIsAsked) {
  Enrichment only_hashes{{.entities = {"hash"}}};
  (void)only_hashes.of(alert_of({ip(KnownBad::ip)}));
  EXPECT_THAT(only_hashes.vendor->requests(), IsEmpty());
  Enrichment of_others{{.tenants = {"globex"}}};
  (void)of_others.of(alert_of({ip(KnownBad::ip)}, "acme"));
  EXPECT_THAT(of_others.vendor->requests(), IsEmpty());
  (void)of_others.of(alert_of({ip(KnownBad::ip)}, "globex"));
  EXPECT_EQ(of_others.vendor->requests().size(), 1U);
  Enrichment when_asked{{.at_arrival = false}};
  (void)when_asked.of(alert_of({ip(KnownBad::ip)}));
  EXPECT_THAT(when_asked.vendor->requests(), IsEmpty());
}

TEST(ProductEnricher, WhatAnsweredIsKeptApartFromWhatFailed) {
  Enrichment vt;
  vt.vendor->befall({.answer = {.status = 403,
                                .headers = {{"Content-Type", "application/json"}},
                                .body = R"({"error":{"code":"ForbiddenError","message":"no"}})"},
                     .path = "/domains/",
                     .times = 99});
  const auto evidence =
      vt.of(alert_of({ip(KnownBad::ip), {"domain", "evil.example"}, {"domain", "other.example"}}));
  EXPECT_THAT(statuses(evidence),
              ::testing::UnorderedElementsAre(EvidenceStatus::found, EvidenceStatus::failed));
  EXPECT_EQ(evidence.back().status, EvidenceStatus::failed);
  EXPECT_THAT(evidence.back().summary, HasSubstr("domain of 2 entities"));
  EXPECT_THAT(evidence.back().summary, HasSubstr("ForbiddenError"));
}

TEST(ProductEnricher, AProductThatIsSilentIsFailedInTheVerdictAndNamedAsMissing) {
  Silent silent;
  Enrichment vt{{}, silent.url()};
  UlidSource ids{7};
  const investigate::Investigator investigator{
      rules(),
      {vt.enricher},
      nullptr,
      vt.clock,
      ids,
      investigate::Slices{.context = std::chrono::milliseconds{50},
                          .enrich = std::chrono::milliseconds{150},
                          .reason = std::chrono::milliseconds{50},
                          .buffer = std::chrono::milliseconds{50}}};
  const auto verdict = wait(investigator.investigate(
      alert_of({ip(KnownBad::ip)}), Deadline::in(investigator.budgets().usual.total())));
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->missing, Contains("intel.vt: address: timed out"));
  EXPECT_TRUE(verdict->partial);
  EXPECT_THAT(statuses(verdict->evidence), Contains(EvidenceStatus::failed));
  EXPECT_EQ(vt.asking->answers()->counters().entries, 0U);
}

TEST(ProductEnricher, WhatAProductKnowsWeighsInTheVerdict) {
  Enrichment vt;
  UlidSource ids{7};
  const investigate::Investigator with{rules(), {vt.enricher}, nullptr, vt.clock, ids};
  const investigate::Investigator without{rules(), {}, nullptr, vt.clock, ids};
  const auto alert = alert_of({ip(KnownBad::ip)});
  const auto verdict = wait(with.investigate(alert, Deadline::in(with.budgets().usual.total())));
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->verdict, model::Judgement::malicious);
  EXPECT_NE(without.investigate_now(*alert)->verdict, model::Judgement::malicious);
  EXPECT_THAT(verdict->explanation, Contains(Field(&model::Term::term, "intel.known_bad")));
}

TEST(ProductQuery, AModelChoosesByNameAndGivesAnEntity) {
  Enrichment vt;
  const auto queries = queries_of(vt.asking);
  const auto address = std::ranges::find_if(
      queries, [](const auto& query) { return query->name() == "vt_address"; });
  ASSERT_NE(address, queries.end());
  EXPECT_THAT(std::string{(*address)->description()}, HasSubstr("VirusTotal, of ip: how many"));
  const auto alert = alert_of({ip(KnownBad::ip), {"host", "WKS-0042"}});
  const auto found = wait((*address)->run(alert, ip(KnownBad::ip), Deadline::in(patience)));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front().status, EvidenceStatus::found);
  const auto wrong = wait((*address)->run(alert, {"host", "WKS-0042"}, Deadline::in(patience)));
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->front().status, EvidenceStatus::not_collected);
  EXPECT_THAT(wrong->front().summary, HasSubstr("answers for ip only"));
  const auto ours = wait((*address)->run(alert, ip("10.0.0.5"), Deadline::in(patience)));
  EXPECT_EQ(ours.value().front().status, EvidenceStatus::not_collected);
  EXPECT_EQ(vt.vendor->requests().size(), 1U);
}

}  // namespace sallyport::connectors::manifest::testing
