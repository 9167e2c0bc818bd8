#include "connectors/local/vulnerabilities.hpp"

#include "tests/store/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace sallyport::connectors::local {
namespace {

using model::EvidenceStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view scan = R"(host,ip,cve,severity,cvss,kev,fixed
web-01.acme.example,10.0.0.5,CVE-2021-44228,critical,10,true,false
web-01.acme.example,10.0.0.5,cve-2022-0001,medium,5.3,,no
web-01.acme.example,10.0.0.5,CVE-2020-0601,high,8.1,true,true
db-01.acme.example,,CVE-2023-1111,critical,9.8,false,false
old-01.acme.example,10.0.0.9,CVE-2019-0708,critical,9.8,true,true
)";

struct VulnerabilitiesTest : ::testing::Test {
  std::string write(std::string_view text) {
    const auto file = (directory_.path() / "scan.csv").string();
    std::ofstream{file, std::ios::binary} << text;
    return file;
  }

  std::vector<model::Evidence> ask(const model::Alert& alert) {
    Vulnerabilities inventory{{write(scan)}};
    const auto read = inventory.reload_if_changed();
    EXPECT_TRUE(read) << read.error().detail;
    return inventory.answer_now(alert)->value();
  }

  static model::Alert alert_on(model::Entity entity, const std::string& role) {
    model::Alert alert;
    alert.title = "ET EXPLOIT Apache log4j RCE Attempt (CVE-2021-44228)";
    alert.techniques = {"T1190"};
    alert.entities = {{std::move(entity), role, true}};
    return alert;
  }

  static std::vector<std::string> signals(const model::Evidence& evidence) {
    std::vector<std::string> names;
    for (const auto& signal : evidence.signals) names.push_back(signal.name);
    return names;
  }

  sallyport::testing::TemporaryDirectory directory_;
};

}  // namespace

TEST_F(VulnerabilitiesTest, AnExploitOfWhatIsOpenOnItsTargetSpeaksForMalice) {
  const auto evidence = ask(alert_on({"ip", "10.0.0.5"}, "dst"));
  ASSERT_EQ(evidence.size(), 1U);
  EXPECT_EQ(evidence[0].status, EvidenceStatus::found);
  EXPECT_EQ(evidence[0].summary,
            "10.0.0.5 has 2 open vulnerabilities, 1 critical, 1 exploited in the wild; the alert "
            "names 1 of them");
  EXPECT_THAT(signals(evidence[0]), ElementsAre("vulnerability.named", "vulnerability.exposed"));
}

TEST_F(VulnerabilitiesTest, WhatTheAttackerIsOpenToSaysNothing) {
  EXPECT_THAT(signals(ask(alert_on({"ip", "10.0.0.5"}, "src"))[0]), IsEmpty());
}

TEST_F(VulnerabilitiesTest, ACriticalWeaknessWithoutAnExploitIsToldAndWeighsNothing) {
  auto alert = alert_on({"host", "db-01"}, "device");
  alert.techniques = {"T1059"};
  const auto evidence = ask(alert);
  EXPECT_EQ(evidence[0].status, EvidenceStatus::found);
  EXPECT_THAT(signals(evidence[0]), IsEmpty());
}

TEST_F(VulnerabilitiesTest, ACriticalOneThatNobodyIsKnownToExploitWeighsLess) {
  const auto evidence = ask(alert_on({"host", "DB-01"}, "device"));
  ASSERT_THAT(signals(evidence[0]), ElementsAre("vulnerability.exposed"));
  EXPECT_DOUBLE_EQ(evidence[0].signals[0].strength, 0.7);
}

TEST_F(VulnerabilitiesTest, WhatIsFixedIsNotOpen) {
  const auto evidence = ask(alert_on({"host", "old-01.acme.example"}, "device"));
  EXPECT_EQ(evidence[0].status, EvidenceStatus::empty);
  EXPECT_THAT(evidence[0].summary, HasSubstr("nothing that the inventory knows of is open"));
}

TEST_F(VulnerabilitiesTest, AMachineThatWasNotScannedIsEmptyAndNoInventoryIsNotCollected) {
  const auto evidence = ask(alert_on({"host", "unknown"}, "device"));
  EXPECT_EQ(evidence[0].status, EvidenceStatus::empty);
  EXPECT_THAT(evidence[0].summary, HasSubstr("none of 1 hosts"));
  const Vulnerabilities none{{}};
  EXPECT_EQ(none.answer_now(alert_on({"host", "unknown"}, "device"))->value()[0].status,
            EvidenceStatus::not_collected);
}

TEST_F(VulnerabilitiesTest, AFaultyLineIsNamedAndNothingIsReadInPart) {
  for (const auto& [line, why] :
       {std::pair{"web,,CVE-21-1,critical,10,true,false", "is not written CVE-2021-44228"},
        {"web,,CVE-2021-44228,terrible,10,true,false", "severity 'terrible'"},
        {"web,,CVE-2021-44228,critical,11,true,false", "is not 0 to 10"},
        {"web,,CVE-2021-44228,critical,10,maybe,false", "maybe"},
        {"web,10.0.0,CVE-2021-44228,critical,10,true,false", "is not an IP address"},
        {",,CVE-2021-44228,critical,10,true,false", "neither host nor ip"}}) {
    Vulnerabilities inventory{
        {write("host,ip,cve,severity,cvss,kev,fixed\n" + std::string{line} + "\n")}};
    const auto read = inventory.reload_if_changed();
    ASSERT_FALSE(read) << line;
    EXPECT_THAT(read.error().detail, HasSubstr("scan.csv:2")) << line;
    EXPECT_THAT(read.error().detail, HasSubstr(why));
  }
}

}  // namespace sallyport::connectors::local
