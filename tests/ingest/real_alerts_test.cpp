#include "tests/ingest/mappings.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace sallyport::ingest {
namespace {

/// Alerts as products wrote them, beside the checkout; not part of it.
std::filesystem::path data() {
  return project_root().parent_path() / "shared" / "data";
}

struct Corpus {
  std::string file;
  std::string source;
  bool wrapped = false;  ///< Each row has the native alert under `log`.
  std::string only;      ///< Rows that hold this text.
};

class RealAlerts : public ::testing::TestWithParam<Corpus> {};

TEST_P(RealAlerts, AllBecomeFindingsWithTitleTimeAndSeverity) {
  const auto file = data() / GetParam().file;
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not on this machine";
  std::ifstream in{file};
  std::size_t rows = 0;
  std::size_t with_entities = 0;
  for (std::string line; std::getline(in, line);) {
    if (!line.contains(GetParam().only)) continue;
    if (GetParam().wrapped) line = json::serialize(decode(line, DecodeLimits{})->at("log"));
    ++rows;
    const auto alert = normalized(line);
    ASSERT_TRUE(alert) << alert.error().detail << "\n" << line;
    EXPECT_EQ(alert->source, GetParam().source) << line;
    EXPECT_FALSE(alert->title.empty()) << line;
    EXPECT_NE(alert->severity, model::Severity::unknown) << line;
    EXPECT_FALSE(alert->finding.contains("unmapped") && !line.contains("p_log_type") &&
                 !GetParam().wrapped)
        << "no time: " << line;
    EXPECT_FALSE(alert->detection.empty());
    if (!alert->entities.empty()) ++with_entities;
  }
  EXPECT_GT(rows, 0U);
  std::printf("%s: %zu alerts, %zu name entities\n", GetParam().file.c_str(), rows, with_entities);
}

INSTANTIATE_TEST_SUITE_P(
    Shared,
    RealAlerts,
    ::testing::Values(
        Corpus{"wazuh/spiral.alerts.jsonl", "wazuh", false, ""},
        Corpus{"suricata/first-org-conf-2015.eve.jsonl", "suricata", false, ""},
        Corpus{"suricata/wrccdc-2018.eve.jsonl", "suricata", false, ""},
        Corpus{"elastic_security/alerts.jsonl", "elastic", false, ""},
        Corpus{"sentinel_secrl/SecurityAlert.jsonl", "sentinel", false, ""},
        Corpus{"sentinel_secrl/SecurityIncident.jsonl", "sentinel", false, ""},
        Corpus{"panther/AWS.GuardDuty.jsonl", "guardduty", true, ""},
        Corpus{"panther/Crowdstrike.DetectionSummary.jsonl", "crowdstrike", true, ""},
        Corpus{"panther/Crowdstrike.EventStreams.jsonl", "crowdstrike", true, ""},
        Corpus{"panther/MicrosoftGraph.SecurityAlertV2.jsonl", "defender", true, ""},
        Corpus{"panther/MicrosoftDefenderXDR.AdvancedHunting.jsonl", "defender", true, ""},
        Corpus{"falco/falco_alerts.jsonl", "falco", false, ""},
        Corpus{"google_scc/findings.jsonl", "google_scc", false, ""},
        Corpus{"splunk_notable/notables.jsonl", "splunk", false, "\"severity\""},
        Corpus{"panther/AWS.SecurityFindingFormat.jsonl", "securityhub", true, ""},
        Corpus{"panther/SentinelOne.Activity.jsonl", "sentinelone", true, ""},
        Corpus{"panther/Osquery.Differential.jsonl", "osquery", true, ""},
        Corpus{"panther/GitHub.Audit.jsonl", "github_audit", true, "\"org\""},
        Corpus{"panther/Azure.Audit.jsonl", "entra", true, "Microsoft.aadiam"},
        Corpus{"panther/Okta.SystemLog.jsonl", "okta", true, "\"alternateId\""}));

}  // namespace
}  // namespace sallyport::ingest
