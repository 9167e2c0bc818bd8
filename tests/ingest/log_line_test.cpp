#include "engine/ingest/log_line.hpp"

#include "tests/ingest/mappings.hpp"

#include <gmock/gmock.h>

namespace sallyport::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

TEST(LogLine, ReadsCefBehindASyslogHeader) {
  const auto line = read_log_line(sample("cef"));
  ASSERT_TRUE(line);
  const auto& cef = line->at("cef").as_object();
  EXPECT_EQ(line->at("syslog").at("host"), "ids-1");
  EXPECT_EQ(cef.at("product"), "Sensor|One");
  EXPECT_EQ(cef.at("extension").at("msg"), "a shell on 203.0.113.66 with id=0 was seen");
  EXPECT_EQ(cef.at("labelled").at("technique"), "T1059.004");
  const auto alert = normalized(sample("cef"));
  ASSERT_TRUE(alert) << alert.error().detail;
  EXPECT_EQ(alert->source, "cef");
  EXPECT_EQ(alert->uid, "88231");
  EXPECT_EQ(alert->title, "Reverse shell from a web server");
  EXPECT_EQ(alert->severity, model::Severity::critical);
  EXPECT_EQ(to_rfc3339(alert->time), "2026-11-20T09:14:03.512000Z");
  EXPECT_THAT(alert->techniques, ElementsAre("T1059.004"));
  EXPECT_EQ(alert->finding.at("disposition_id"), 2);
  EXPECT_THAT(
      entities(*alert),
      UnorderedElementsAre(
          "ip 10.20.0.13 src", "ip 203.0.113.66 dst", "host ids-1 device", "user www-data actor?"));
}

TEST(LogLine, OfAKeyThatStandsTwiceTheFirstCounts) {
  const auto line = read_log_line("CEF:0|v|p|1|s|n|5|src=10.0.0.1 msg=x src=10.0.0.2 dst=10.0.0.3");
  ASSERT_TRUE(line);
  const auto& extension = line->at("cef").at("extension").as_object();
  EXPECT_EQ(extension.at("src"), "10.0.0.1");
  EXPECT_EQ(extension.at("dst"), "10.0.0.3");
}

TEST(LogLine, ReadsFortiGate) {
  const auto alert = normalized(sample("fortigate"));
  ASSERT_TRUE(alert) << alert.error().detail;
  EXPECT_EQ(alert->source, "fortigate");
  EXPECT_EQ(alert->title, "FortiGate ips: Apache.Log4j.Error.Log.Remote.Code.Execution");
  EXPECT_EQ(alert->severity, model::Severity::critical);
  EXPECT_EQ(alert->detection, "51006");
  EXPECT_EQ(to_rfc3339(alert->time), "2026-11-20T09:31:44.120331Z");
  EXPECT_EQ(alert->finding.at("disposition_id"), 6);
  EXPECT_THAT(entities(*alert),
              UnorderedElementsAre("host fw-edge-1 device",
                                   "ip 203.0.113.77 src",
                                   "ip 10.20.0.13 dst",
                                   "domain shop.acme.example mentioned?",
                                   "url /login?x=1 mentioned?"));
}

TEST(LogLine, ReadsPanOs) {
  const auto line = read_log_line(sample("paloalto"));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->at("panos").at("url"), "evil.example/a,b");
  const auto alert = normalized(sample("paloalto"));
  ASSERT_TRUE(alert) << alert.error().detail;
  EXPECT_EQ(alert->source, "paloalto");
  EXPECT_EQ(alert->title, "PAN-OS spyware: Cobalt Strike Command and Control(18005)");
  EXPECT_EQ(alert->severity, model::Severity::critical);
  EXPECT_THAT(alert->techniques, ElementsAre("T1071"));
  EXPECT_EQ(to_rfc3339(alert->time), "2026-11-20T09:50:11Z");
  EXPECT_THAT(
      entities(*alert),
      ::testing::IsSupersetOf({"ip 10.30.1.44 src", "ip 203.0.113.66 dst", "user mo actor"}));
}

TEST(LogLine, IsNothingElse) {
  for (const std::string text :
       {"hello CEF", "CEF:0|a|b", "XCEF:0|a|b|c|d|e|f|", "a=1 b=2", "1,2,3,THREAT,x", ""})
    EXPECT_FALSE(read_log_line(text)) << text;
  EXPECT_FALSE(decode("CEF:0|v|p|1|s|\xFF|5|", DecodeLimits{}));
  EXPECT_FALSE(decode(std::string("CEF:0|v|p|1|s|n|5|msg=") + std::string(100, 'x'),
                      DecodeLimits{.bytes = 50}));
}

TEST(LogLine, CutAnywhereItStillEnds) {
  for (const auto* name : {"cef", "fortigate", "paloalto"}) {
    const auto whole = sample(name);
    for (std::size_t n = 0; n <= whole.size(); ++n)
      (void)read_log_line(std::string_view{whole}.substr(0, n));
  }
  const std::string many(200'000, '=');
  (void)read_log_line("CEF:0|v|p|1|s|n|5|" + many);
  std::string keys = "devid=a logid=b ";
  for (int i = 0; i < 2000; ++i) keys += "k" + std::to_string(i) + "=v ";
  const auto line = read_log_line(keys);
  ASSERT_TRUE(line);
  EXPECT_LE(line->size(), most_log_fields + 1);
}

}  // namespace
}  // namespace sallyport::ingest
