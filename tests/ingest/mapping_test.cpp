#include "engine/ingest/attack.hpp"
#include "engine/ingest/entities.hpp"
#include "engine/ingest/normalizer.hpp"
#include "engine/ingest/timestamp.hpp"
#include "tests/ingest/mappings.hpp"

#include <gmock/gmock.h>

#include <string>

namespace sallyport::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view good = R"(
source: acme
product: { name: Acme, vendor: Acme }
recognise: { fields: [sig] }
title: sig
time: ts
)";

/// The faults of a mapping file, as an editor shows them.
std::string mapping_faults(std::string_view yaml) {
  const auto document = config::Document::parse(yaml, "acme.yaml");
  if (!document) return document.error().detail;
  std::vector<Faults> faults;
  const auto compiled =
      Normalizer::compile({{.name = "acme.yaml", .root = document->root()}}, faults);
  EXPECT_EQ(compiled.has_value(), !has_errors(faults.at(0)));
  return document->render(faults.at(0));
}

Normalizer compiled(std::string_view yaml) {
  const auto document = config::Document::parse(yaml, "acme.yaml");
  if (!document) throw std::logic_error{document.error().detail};
  std::vector<Faults> faults;
  auto normalizer = Normalizer::compile({{.name = "acme.yaml", .root = document->root()}}, faults);
  if (!normalizer) throw std::logic_error{document->render(faults.at(0))};
  return *std::move(normalizer);
}

model::Alert read(std::string_view yaml, std::string_view bytes) {
  const auto native = decode(bytes, DecodeLimits{});
  auto alert = compiled(yaml).normalize(
      *native, bytes, {.source = {}, .tenant = "t", .received_at = received()});
  if (!alert) throw std::logic_error{alert.error().detail};
  return *std::move(alert);
}

TEST(Mapping, ASmallOneIsEnough) {
  EXPECT_EQ(mapping_faults(good), "");
  EXPECT_EQ(read(good, R"({"sig":"x","ts":1})").title, "x");
}

TEST(Mapping, FaultsNameLineColumnAndWhatToDo) {
  const std::string base{good};
  EXPECT_THAT(mapping_faults(base + "tittle: x\n"), HasSubstr("acme.yaml:7:"));
  EXPECT_THAT(mapping_faults(base + "tittle: x\n"),
              HasSubstr("/tittle: 'tittle' is not known here"));
  EXPECT_THAT(mapping_faults(base + "fields:\n  src_endpoint.ipp: a\n"), HasSubstr("acme.yaml:8:"));
  EXPECT_THAT(mapping_faults(base + "fields:\n  src_endpoint.ipp: a\n"),
              HasSubstr("did you mean 'src_endpoint.ip'?"));
  EXPECT_THAT(mapping_faults(base + "uid: a..b\n"), HasSubstr("/uid: 'a..b' is no path"));
  EXPECT_THAT(mapping_faults(base + "uid: []\n"), HasSubstr("/uid: an empty list names nothing"));
  EXPECT_THAT(mapping_faults(base + "uid: { from: a, const: b }\n"), HasSubstr("exactly one of"));
  EXPECT_THAT(mapping_faults(base + "uid: { from: a, transfrom: lower }\n"),
              HasSubstr("/uid/transfrom: 'transfrom' is not known here"));
  EXPECT_THAT(mapping_faults(base + "uid: { from: a, transform: [lower, shout] }\n"),
              HasSubstr("/uid/transform/1: expected one of lower upper"));
  EXPECT_THAT(mapping_faults(base + "uid: { from: a, map: nowhere }\n"),
              HasSubstr("there is no table 'nowhere'"));
  EXPECT_THAT(mapping_faults(base + "severity: { from: a, ranges: { high: 7 } }\n"),
              HasSubstr("/severity/ranges/high: expected a number"));
  EXPECT_THAT(mapping_faults(base + "uid: { text: \"${{ a\" }\n"), HasSubstr("'${{' without '}}'"));
  EXPECT_THAT(mapping_faults(base + "entities: [ { kind: hots, role: device, from: a } ]\n"),
              HasSubstr("/entities/0/kind: expected one of host, user"));
  EXPECT_THAT(mapping_faults(base + "detection: { id: a, type: magic }\n"),
              HasSubstr("/detection/type: expected one of rule"));
  EXPECT_THAT(mapping_faults(
                  "source: a\nproduct: { name: A, vendor: A }\nrecognise: {}\ntitle: a\ntime: a\n"),
              HasSubstr("/recognise: give 'fields', 'detection' or both"));
  EXPECT_THAT(mapping_faults("source: A b\n"),
              HasSubstr("/source: a source has a name of small letters"));
  EXPECT_THAT(mapping_faults("source: a\n"), HasSubstr("title is missing"));
  EXPECT_THAT(mapping_faults("[]"), HasSubstr("expected a map"));
}

TEST(Mapping, AllFaultsAreFoundAtOnce) {
  const auto text =
      mapping_faults(std::string{good} + "uid: a..b\nstatus: []\nfields: { nowhere: a }\n");
  EXPECT_EQ(std::ranges::count(text, '\n') + !text.empty(), 3) << text;
}

TEST(Mapping, TwoOfOneNameAreRefused) {
  const auto document = config::Document::parse(good, "acme.yaml");
  std::vector<Faults> faults;
  EXPECT_FALSE(
      Normalizer::compile({{"a.yaml", document->root()}, {"b.yaml", document->root()}}, faults));
  EXPECT_THAT(faults.at(1).at(0).message, HasSubstr("'acme' is the source of a.yaml already"));
}

TEST(Mapping, ExpressionsDoWhatTheyAreDocumentedToDo) {
  const std::string base{good};
  const auto message = [&](const std::string& expression, std::string_view more) {
    const auto alert = read(base + "fields: { message: " + expression + " }\n",
                            R"({"sig":"s","ts":1,)" + std::string{more} + "}");
    const auto* found = alert.finding.if_contains("message");
    return found ? std::string{found->as_string().c_str()} : "absent";
  };
  EXPECT_EQ(message("[a, b]", R"("b":"2")"), "2");
  EXPECT_EQ(message("[a, b]", R"("a":"","b":"2")"), "2");
  EXPECT_EQ(message("a.b", R"("a":[{"b":null},{"b":"x"}])"), "x");
  EXPECT_EQ(message("a.1.b", R"("a":[{"b":"x"},{"b":"y"}])"), "y");
  EXPECT_EQ(message("'a[t=H].b'", R"("a":[{"t":"u","b":"x"},{"t":"h","b":"y"}])"), "y");
  EXPECT_EQ(message("'a\\.b'", R"("a.b":"x","a":{"b":"y"})"), "x");
  EXPECT_EQ(message("{ const: c }", R"("a":1)"), "c");
  EXPECT_EQ(message("{ text: '${{ a }} on ${{ b }}' }", R"("a":1,"b":"h")"), "1 on h");
  EXPECT_EQ(message("{ text: '${{ a }} on ${{ b }}' }", R"("a":1)"), "absent");
  EXPECT_EQ(message("{ from: a, map: { Yes: ja } }", R"("a":"YES")"), "ja");
  EXPECT_EQ(message("{ from: a, map: { yes: ja } }", R"("a":"no")"), "absent");
  EXPECT_EQ(message("{ from: a, map: { yes: ja }, default: nein }", R"("a":"no")"), "nein");
  EXPECT_EQ(message("{ from: a, ranges: { 0: low, 7: high } }", R"("a":7.0)"), "high");
  EXPECT_EQ(message("{ from: a, ranges: { 0: low, 7: high } }", R"("a":"6.9")"), "low");
  EXPECT_EQ(message("{ from: a, when: { b: 1 } }", R"("a":"x","b":1)"), "x");
  EXPECT_EQ(message("{ from: a, when: { b: 1 } }", R"("a":"x","b":2)"), "absent");
  EXPECT_EQ(message("{ from: a, transform: [basename, lower] }", R"("a":"C:\\X\\Y.EXE")"), "y.exe");
  EXPECT_EQ(message("{ from: a, transform: path }", R"("a":"/tmp\\m.sh")"), "/tmp/m.sh");
  EXPECT_EQ(message("{ from: a, transform: path }", R"("a":"C:\\Temp\\\\m.exe")"),
            "C:\\Temp\\m.exe");
  EXPECT_EQ(message("{ from: a, transform: path }", R"("a":"\\\\srv\\c$\\m.exe")"),
            "\\\\srv\\c$\\m.exe");
  EXPECT_EQ(message("{ from: a, transform: user_of }", R"("a":"ACME\\mira")"), "mira");
  EXPECT_EQ(message("{ from: a, transform: domain_of }", R"("a":"mira@acme.example")"),
            "acme.example");
  EXPECT_EQ(message("{ from: a, transform: strip_port }", R"("a":"10.0.0.1:80")"), "10.0.0.1");
  EXPECT_EQ(message("{ from: a, transform: strip_port }", R"("a":"2001:db8::80")"), "2001:db8::80");
  EXPECT_EQ(message("{ from: a, transform: sha256_of }", R"("a":"MD5=00,SHA256=abc1,X=2")"),
            "abc1");
}

std::vector<std::string> techniques(std::string_view text) {
  std::vector<std::string> found;
  append_techniques(found, text);
  return found;
}

TEST(Attack, FindsTechniquesInWhateverProductsWrite) {
  EXPECT_THAT(techniques("T1059.001"), ElementsAre("T1059.001"));
  EXPECT_THAT(techniques("attack.t1059.001"), ElementsAre("T1059.001"));
  EXPECT_THAT(techniques("[\"Regsvr32 (T1218.010)\",\"Rundll32 (T1218.011)\"]"),
              ElementsAre("T1218.010", "T1218.011"));
  EXPECT_THAT(techniques("https://attack.mitre.org/techniques/T1566/002/"),
              ElementsAre("T1566.002"));
  EXPECT_THAT(techniques("T1010;T1059.001;T1010"), ElementsAre("T1010", "T1059.001"));
}

TEST(Attack, ReplacesRevokedAndDropsWhatIsNone) {
  EXPECT_THAT(techniques("T1086"), ElementsAre("T1059.001"));
  EXPECT_THAT(techniques("T1064 T1043 T1061"), ElementsAre("T1059"));
  EXPECT_THAT(techniques("T12345 XT1059 T105 T0000 CST0001 T1059abc TA0002"), IsEmpty());
}

TEST(Attack, KnowsTacticsHoweverTheyAreSpelt) {
  std::vector<const Tactic*> found;
  append_tactics(found,
                 "DefenseEvasion, command-and-control; TA0040 Execution:User/x InitialAccessory");
  std::vector<std::string_view> ids;
  for (const auto* tactic : found) ids.push_back(tactic->uid);
  EXPECT_THAT(ids, ElementsAre("TA0005", "TA0011", "TA0040", "TA0002"));
}

std::string time_of(std::string_view text) {
  const auto time = parse_time(text, received());
  return time ? to_rfc3339(*time) : "none";
}

TEST(Timestamp, ReadsWhatProductsWrite) {
  EXPECT_EQ(time_of("2026-11-20T09:14:03.512+0000"), "2026-11-20T09:14:03.512000Z");
  EXPECT_EQ(time_of("2026-11-20 09:14:03"), "2026-11-20T09:14:03Z");
  EXPECT_EQ(time_of("2026-11-20T09:14:03.5826741Z"), "2026-11-20T09:14:03.582674Z");
  EXPECT_EQ(time_of("2024-07-04 22:35:00.593840+00:00"), "2024-07-04T22:35:00.593840Z");
  EXPECT_EQ(time_of("1795180000"), "2026-11-20T13:06:40Z");
  EXPECT_EQ(time_of("1795180000.25"), "2026-11-20T13:06:40.250000Z");
  EXPECT_EQ(time_of("1795180000123"), "2026-11-20T13:06:40.123000Z");
  EXPECT_EQ(time_of("1795180000123456"), "2026-11-20T13:06:40.123456Z");
  EXPECT_EQ(time_of("1795180000123456789"), "2026-11-20T13:06:40.123456Z");
  EXPECT_EQ(time_of("1.795180000123E12"), "2026-11-20T13:06:40.123000Z");
  EXPECT_EQ(time_of("Nov 20 09:14:03"), "2026-11-20T09:14:03Z");
  EXPECT_EQ(time_of("Dec 31 23:59:59"), "2025-12-31T23:59:59Z");
  EXPECT_EQ(time_of("Nov  2, 2026 9:14:03 PM"), "2026-11-02T21:14:03Z");
  EXPECT_EQ(time_of("2026 Nov 20 09:14:03"), "2026-11-20T09:14:03Z");
  EXPECT_EQ(time_of("20/Nov/2026:09:14:03 +0100"), "2026-11-20T08:14:03Z");
  EXPECT_EQ(time_of("07/04/2024 22:33:56"), "2024-07-04T22:33:56Z");
  EXPECT_EQ(time_of("03/04/2020-18:02:04.347123"), "2020-03-04T18:02:04.347123Z");
  EXPECT_EQ(time_of("2026/11/20 09:14:03"), "2026-11-20T09:14:03Z");
  EXPECT_EQ(time_of("2026-11-20 09:14:03.5 UTC"), "2026-11-20T09:14:03.500000Z");
  EXPECT_EQ(time_of("2026-11-20 09:14:03.5 +0100 CET"), "2026-11-20T08:14:03.500000Z");
  EXPECT_EQ(time_of("20261120T091403Z"), "2026-11-20T09:14:03Z");
  EXPECT_EQ(time_of("Fri, 20 Nov 2026 09:14:03 GMT"), "2026-11-20T09:14:03Z");
  EXPECT_EQ(time_of("20 Nov 2026 09:14:03"), "2026-11-20T09:14:03Z");
  for (const auto* text : {"",
                           "soon",
                           "-",
                           "2026-13-01T00:00:00Z",
                           "99999999999999999999",
                           "Nov 31 1:1:1",
                           "Fri, 31 Nov 2026 09:14:03 GMT",
                           "2026/11-20",
                           "20261120T09140Z",
                           "2026-11-20T25:00:00Z",
                           "Feb 30 10:00:00",
                           "1e300",
                           "0",
                           "0.0",
                           "nan"})
    EXPECT_EQ(time_of(text), "none") << text;
}

std::string entity(std::string_view kind, std::string_view text) {
  const auto made = canonical_entity(kind, text);
  return made ? made->kind + " " + made->value : "none";
}

TEST(Entities, HaveOneForm) {
  EXPECT_EQ(entity("ip", "2001:0DB8:0:0:0:0:0:5"), "ip 2001:db8::5");
  EXPECT_EQ(entity("ip", "::ffff:10.0.0.1"), "ip 10.0.0.1");
  EXPECT_EQ(entity("host", "10.0.0.1"), "ip 10.0.0.1");
  EXPECT_EQ(entity("host", "WKS-0042"), "host WKS-0042");
  EXPECT_EQ(entity("domain", "Evil.Example."), "domain evil.example");
  EXPECT_EQ(entity("hash", "D41D8CD98F00B204E9800998ECF8427E"),
            "hash d41d8cd98f00b204e9800998ecf8427e");
  for (const auto* text : {"",
                           "-",
                           "N/A",
                           "0.0.0.0",
                           "::",
                           "127.0.0.1",
                           "::1",
                           "255.255.255.255",
                           "10.0.0.1/24",
                           "fe80::1",
                           "fe80::1%eth0",
                           "x"})
    EXPECT_EQ(entity("ip", text), "none") << text;
  for (const auto* text : {"localhost", "unknown", "(null)", " "})
    EXPECT_EQ(entity("host", text), "none") << text;
  EXPECT_EQ(entity("domain", "no domain"), "none");
  EXPECT_EQ(entity("hash", std::string(40, '0')), "none");
}

}  // namespace
}  // namespace sallyport::ingest
