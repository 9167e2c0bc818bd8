#include "engine/config/document.hpp"
#include "engine/http/url.hpp"
#include "tests/integration/engine/http_call.hpp"
#include "tools/conformance/stand.hpp"
#include "tools/lab/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace sallyport::connectors::manifest::testing {

using model::EvidenceStatus;
using ::testing::HasSubstr;

namespace {

const std::filesystem::path root{SALLYPORT_SOURCE_DIR};

std::shared_ptr<const Plan> plan_of(const std::string& file) {
  Faults faults;
  const auto document = config::Document::load(root / "schemas/actions.yaml").value();
  return load(root / "connectors" / file, model::Catalogue::read(document.root(), faults)).value();
}

/// The product, as long as the tests of this program run.
class OpenSearch : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<conformance::TemporaryFolder>();
    const auto started = lab::run({(root / "tools/opensearch").string(),
                                   "start",
                                   "--port",
                                   "0",
                                   "--data",
                                   folder_->path().string()});
    ASSERT_TRUE(started) << started.error().detail;
    const auto at = started->printed.find("url=");
    ASSERT_EQ(started->status, 0) << started->printed;
    ASSERT_NE(at, std::string::npos) << started->printed;
    url_ = started->printed.substr(at + 4, started->printed.find('\n', at) - at - 4);

    create("logs", R"({"@timestamp":{"type":"date"},"host.name":{"type":"keyword"},
      "user.name":{"type":"keyword"},"source.ip":{"type":"ip"},"file.hash.sha256":{"type":"keyword"}})");
    create("wazuh-alerts-4.x-2026.11.20",
           R"({"timestamp":{"type":"date"},"agent.name":{"type":"keyword"}})");
    // What is searched by default holds indices of others too.
    create("inventory", R"({"host.name":{"type":"keyword"}})");
    std::string lines;
    const auto add = [&](std::string_view index, const json::object& document) {
      lines +=
          fmt::format(R"({{"index":{{"_index":"{}"}}}})", index) + '\n' + to_json(document) + '\n';
    };
    for (int n = 0; n < 40; ++n)
      add("logs",
          {{"@timestamp", fmt::format("2026-11-20T10:00:{:02}Z", n)},
           {"host.name", "WKS-0042"},
           {"user.name", "alice"},
           {"source.ip", "203.0.113.7"},
           {"file.hash.sha256", std::string(64, 'a')},
           {"event.sequence", n}});
    add("logs", {{"@timestamp", "2026-11-20T08:00:00Z"}, {"host.name", "WKS-0042"}});  // too early
    add("logs", {{"@timestamp", "2026-11-20T10:00:00Z"}, {"host.name", "WKS-00421"}});
    add("inventory", {{"host.name", "WKS-0042"}});
    add("wazuh-alerts-4.x-2026.11.20",
        {{"timestamp", "2026-11-20T10:00:00.000+0000"}, {"agent.name", "wks-0042"}});
    const auto indexed = call("POST", "/_bulk?refresh=true", lines);
    ASSERT_THAT(indexed, HasSubstr(R"("errors":false)"));
  }

  static void TearDownTestSuite() {
    const auto stopped = lab::run(
        {(root / "tools/opensearch").string(), "stop", "--data", folder_->path().string()});
    EXPECT_TRUE(stopped && stopped->status == 0);
    folder_.reset();
  }

  static std::string call(const std::string& method,
                          const std::string& target,
                          const std::string& body) {
    const auto port = static_cast<std::uint16_t>(std::stoi(http::parse_url(url_)->origin.port));
    const auto answer =
        sallyport::testing::http_call(port, method, target, "", body, std::chrono::seconds{30});
    return answer ? answer->body : "no answer";
  }

  static void create(const std::string& index, const std::string& properties) {
    const auto made = call("PUT", '/' + index, R"({"mappings":{"properties":)" + properties + "}}");
    ASSERT_THAT(made, HasSubstr(R"("acknowledged":true)"));
  }

  /// What the query of the manifest finds out about the entity at 10:00:31.
  static Result<std::vector<model::Evidence>> ask(const std::string& manifest,
                                                  const std::string& query,
                                                  const model::Entity& about,
                                                  std::map<std::string, json::value> options = {}) {
    const SystemClock clock;
    conformance::Loop loop;
    const auto plan = plan_of(manifest);
    ::setenv("SALLYPORT_TEST_ANY", "nobody asks for it", 1);
    Config config{
        .name = "search", .base_url = url_, .options = std::move(options), .allow = {"127.0.0.1"}};
    for (const auto* secret : {"user", "password", "api_key"})
      if (std::ranges::find(plan->secrets, secret) != plan->secrets.end())
        config.secrets.emplace(secret, "env:SALLYPORT_TEST_ANY");
    const auto connector =
        Connector::make(plan, config, std::make_shared<KnownPlaces>(), clock, loop.executor());
    if (!connector) return std::unexpected{connector.error()};
    const auto when = parse_rfc3339("2026-11-20T10:00:31Z").value();
    auto inquiry = inquiry_of(*(*connector)->query(query), about, when, {});
    if (!inquiry) return std::unexpected{inquiry.error()};
    return conformance::wait(
        (*connector)->ask(*std::move(inquiry), Deadline::in(std::chrono::seconds{20})));
  }

  static inline std::unique_ptr<conformance::TemporaryFolder> folder_;
  static inline std::string url_;
};

TEST_F(OpenSearch, CountsTheEventsOfAnEntityAroundItsTimeAndShowsTheLatest) {
  const model::Entity host{.kind = "host", .value = "wks-0042"};
  for (const auto* manifest : {"siem/opensearch.yaml", "siem/elastic.yaml"}) {
    for (const auto& [query, about] : std::initializer_list<std::pair<const char*, model::Entity>>{
             {"host_events", host},
             {"user_events", {.kind = "user", .value = "alice"}},
             {"address_events", {.kind = "ip", .value = "203.0.113.7"}},
             {"file_events", {.kind = "hash", .value = std::string(64, 'a')}}}) {
      const auto found = ask(manifest, query, about);
      ASSERT_TRUE(found) << manifest << ' ' << query << ": " << found.error().detail;
      ASSERT_EQ(found->size(), 2U) << query;
      EXPECT_EQ(found->front().status, EvidenceStatus::found) << found->front().summary;
      EXPECT_THAT(found->front().summary, HasSubstr("40 events")) << query;
      const auto latest = to_json(found->back());
      EXPECT_THAT(latest, HasSubstr("10:00:39")) << query;
      EXPECT_THAT(latest, HasSubstr("10:00:25")) << "the fifteenth";
      EXPECT_THAT(latest, ::testing::Not(HasSubstr("10:00:24"))) << "not the sixteenth";
    }
  }
}

TEST_F(OpenSearch, TheAlertsOfWazuhAreFoundByTheNameOfTheAgent) {
  const auto found =
      ask("siem/wazuh_indexer.yaml", "host_alerts", {.kind = "host", .value = "WKS-0042"});
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_THAT(found->front().summary, HasSubstr("1 alerts"));
}

TEST_F(OpenSearch, WhatIsNotThereIsEmptyAndAnIndexThatIsNotThereIsAFault) {
  const model::Entity other{.kind = "host", .value = "WKS-9999"};
  const auto empty = ask("siem/opensearch.yaml", "host_events", other);
  ASSERT_TRUE(empty) << empty.error().detail;
  EXPECT_EQ(empty->front().status, EvidenceStatus::empty);

  const auto none = ask("siem/opensearch.yaml", "host_events", other, {{"index", "nowhere"}});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().detail, HasSubstr("there is no such index"));
}

TEST_F(OpenSearch, AValueThatIsMoreThanANameIsNotAskedAbout) {
  for (const auto* value : {"WKS-0042 OR *", "*", "WKS-0042\"}}]", "WKS/../_all"})
    EXPECT_FALSE(ask("siem/opensearch.yaml", "host_events", {.kind = "host", .value = value}))
        << value;
}

}  // namespace
}  // namespace sallyport::connectors::manifest::testing
