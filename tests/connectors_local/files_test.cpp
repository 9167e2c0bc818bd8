#include "connectors/local/assets.hpp"
#include "connectors/local/identities.hpp"
#include "connectors/local/indicator_files.hpp"
#include "connectors/local/intel.hpp"
#include "connectors/local/stix_pattern.hpp"
#include "tests/store/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace sallyport::connectors::local {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FilesTest : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, std::string_view text) {
    const auto path = directory_.path() / name;
    std::ofstream{path, std::ios::binary} << text;
    // Two writes within one tick of the file system's clock must still differ.
    fs::last_write_time(path, fs::file_time_type{} + std::chrono::seconds{++writes_});
    return path;
  }

  std::vector<Hit> find(const IndicatorSet& set, std::string kind, std::string value) {
    return set.find({std::move(kind), std::move(value)}, now_);
  }

  IndicatorSet read(const std::vector<fs::path>& files) {
    auto set = read_indicators(files);
    EXPECT_TRUE(set) << set.error().detail;
    return set ? *std::move(set) : IndicatorSet{};
  }

  std::string refused(const std::vector<fs::path>& files) {
    const auto set = read_indicators(files);
    EXPECT_FALSE(set);
    return set ? "" : set.error().detail;
  }

  sallyport::testing::TemporaryDirectory directory_;
  Time now_ = *parse_rfc3339("2026-11-20T12:00:00Z");
  int writes_ = 0;
};

model::Alert alert(std::vector<model::Mention> entities) {
  return {.tenant = "acme",
          .uid = "u1",
          .received_at = *parse_rfc3339("2026-11-20T12:00:00Z"),
          .entities = std::move(entities)};
}

std::vector<std::string> signals(const model::Evidence& evidence) {
  std::vector<std::string> names;
  for (const auto& signal : evidence.signals) names.push_back(signal.name);
  return names;
}

TEST_F(FilesTest, ReadsTextListsWithNetworksCommentsAndSubdomains) {
  const auto set =
      read({write("lists.yaml",
                  "lists: [{file: bad.txt, name: drop, confidence: 80, subdomains: true}]\n"),
            write("bad.txt",
                  "# drop\n203.0.113.0/24 ; net\n2001:db8::/32\r\nEvil.Example\n"
                  "http://x.example/a#b;c\n44d88612fea8a8f36de82e1278abb02f\n")});
  ASSERT_EQ(find(set, "ip", "203.0.113.77").size(), 1U);
  EXPECT_EQ(find(set, "ip", "203.0.113.77")[0].indicator, "203.0.113.0/24");
  EXPECT_EQ(find(set, "ip", "203.0.113.77")[0].list, "drop");
  EXPECT_DOUBLE_EQ(find(set, "ip", "203.0.113.77")[0].confidence, 0.8);
  EXPECT_TRUE(find(set, "ip", "203.0.114.1").empty());
  EXPECT_EQ(find(set, "ip", "2001:db8::5").size(), 1U);
  EXPECT_EQ(find(set, "domain", "c2.evil.example").size(), 1U);
  EXPECT_TRUE(find(set, "domain", "notevil.example").empty());
  EXPECT_EQ(find(set, "url", "http://x.example/a#b;c").size(), 1U);
  EXPECT_EQ(find(set, "url", "https://user@evil.example:8443/x").size(), 1U);
  EXPECT_EQ(find(set, "email", "joe@evil.example").size(), 1U);
  EXPECT_EQ(find(set, "hash", "44D88612FEA8A8F36DE82E1278ABB02F").size(), 1U);
}

TEST_F(FilesTest, MatchesSubdomainsOnlyWhereStated) {
  const auto set = read({write("a.txt", "evil.example\n*.worse.example\n")});
  EXPECT_EQ(find(set, "domain", "evil.example").size(), 1U);
  EXPECT_TRUE(find(set, "domain", "www.evil.example").empty());
  EXPECT_EQ(find(set, "domain", "www.worse.example").size(), 1U);
}

TEST_F(FilesTest, ReadsCsvAndItsEndOfValidity) {
  const auto set = read({write("i.csv",
                               "indicator,kind,confidence,source,valid_until\n"
                               "198.51.100.7,ip,95,c2,2026-11-20T12:00:00Z\n"
                               "198.51.100.8,ip,0.5,c2,2026-11-20T12:00:01Z\n")});
  EXPECT_TRUE(find(set, "ip", "198.51.100.7").empty());  // at the very second it is over
  ASSERT_EQ(find(set, "ip", "198.51.100.8").size(), 1U);
  EXPECT_EQ(find(set, "ip", "198.51.100.8")[0].list, "c2");
}

TEST_F(FilesTest, ReadsStixBundles) {
  const auto set = read({write("b.json", R"({"type":"bundle","id":"bundle--1","objects":[
    {"type":"malware","name":"x"},
    {"type":"indicator","pattern_type":"stix","confidence":90,"valid_until":"2030-01-01T00:00:00Z",
     "pattern":"[ipv4-addr:value = '198.51.100.7' OR domain-name:value = 'evil.example']"},
    {"type":"indicator","pattern_type":"stix","revoked":true,"pattern":"[ipv4-addr:value = '198.51.100.9']"},
    {"type":"indicator","pattern_type":"stix","pattern":"[file:hashes.'SHA-256' = 'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f']"},
    {"type":"indicator","pattern_type":"stix","pattern":"[process:name = 'x' AND ipv4-addr:value = '198.51.100.10']"}]})")});
  EXPECT_DOUBLE_EQ(find(set, "ip", "198.51.100.7").at(0).confidence, 0.9);
  EXPECT_EQ(find(set, "domain", "evil.example").size(), 1U);
  EXPECT_TRUE(find(set, "ip", "198.51.100.9").empty());
  EXPECT_TRUE(find(set, "ip", "198.51.100.10").empty());
  EXPECT_EQ(
      find(set, "hash", "aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f").size(),
      1U);
}

TEST_F(FilesTest, SaysWhereAListIsWrong) {
  EXPECT_THAT(refused({write("a.txt", "203.0.113.1\nnonsense\n")}),
              HasSubstr("a.txt:2: 'nonsense'"));
  EXPECT_THAT(refused({write("b.txt", "203.0.113.1/33\n")}), HasSubstr("b.txt:1"));
  EXPECT_THAT(
      refused({write("c.csv", "indicator,confidence\n\"203.0.113.1\",0.5\n203.0.113.2,much\n")}),
      HasSubstr("c.csv:3"));
  EXPECT_THAT(refused({write("d.csv", "address\n203.0.113.1\n")}), HasSubstr("d.csv:1"));
  EXPECT_THAT(refused({write("e.json", "[\n{\"indicator\":\"203.0.113.1\"},\n{]\n")}),
              HasSubstr("e.json:3"));
  EXPECT_THAT(refused({write("f.json", R"([{"indicator":"203.0.113.1"},{"kind":"ip"}])")}),
              HasSubstr("/1"));
  EXPECT_THAT(refused({write("lists.yaml", "lists:\n  - file: a.txt\n    confidance: 1\n")}),
              HasSubstr("lists.yaml:3"));
}

TEST(StixPattern, ReadsWhatAListCanSay) {
  const auto values = [](std::string_view pattern) {
    std::vector<std::string> result;
    const auto found = observables_of(pattern);
    EXPECT_TRUE(found) << pattern;
    if (found)
      for (const auto& entity : *found) result.push_back(entity.kind + "=" + entity.value);
    return result;
  };
  EXPECT_THAT(values("[ipv4-addr:value ISSUBSET '198.51.100.0/24']"),
              ElementsAre("ip=198.51.100.0/24"));
  EXPECT_THAT(values("[url:value = 'http://x/it\\'s']"), ElementsAre("url=http://x/it's"));
  EXPECT_THAT(
      values("[domain-name:value IN ('a.example','b.example')] OR "
             "[file:hashes.MD5='44d88612fea8a8f36de82e1278abb02f']"),
      ElementsAre("domain=a.example", "domain=b.example", "hash=44d88612fea8a8f36de82e1278abb02f"));
  for (const auto* beyond : {"[ipv4-addr:value = '1.1.1.1'] FOLLOWEDBY [url:value = 'x']",
                             "[ipv4-addr:value = '1.1.1.1' AND url:value = 'x']",
                             "[domain-name:value LIKE 'x%']",
                             "[process:name = 'x']"})
    EXPECT_EQ(observables_of(beyond).error().code, Errc::not_found) << beyond;
}

TEST(StixPattern, EndsOnEveryPrefix) {
  const std::string_view text =
      "([ipv4-addr:value = '198.51.100.7' OR (file:hashes.'MD5' IN ('a', 'b'))] OR [url:value = "
      "'x\\'y'])";
  for (std::size_t n = 0; n < text.size(); ++n)
    EXPECT_FALSE(observables_of(text.substr(0, n))) << n;
  EXPECT_TRUE(observables_of(text));
}

TEST_F(FilesTest, HoldsManyIndicatorsOfOneList) {
  IndicatorSet set;
  for (std::uint32_t i = 0; i < 100'000; ++i)
    ASSERT_TRUE(set.add(
        {.kind = "ip", .value = fmt::format("{}.{}.{}.7", 1 + i % 200, i / 256 % 256, i % 256)},
        "l"));
  EXPECT_EQ(set.lists(), 1U);
  EXPECT_TRUE(find(set, "ip", "250.0.0.1").empty());
}

TEST_F(FilesTest, ReloadsWhatChangedAndKeepsWhatWasKnownOnAFault) {
  write("a.txt", "203.0.113.1\n");
  Intel intel{{directory_.path()}};
  ASSERT_EQ(intel.reload_if_changed(), Result<bool>{true});
  EXPECT_EQ(intel.reload_if_changed(), Result<bool>{false});
  EXPECT_EQ(intel.size(), 1U);
  write("b.txt", "203.0.113.2\n203.0.113.3\n");
  ASSERT_EQ(intel.reload_if_changed(), Result<bool>{true});
  EXPECT_EQ(intel.size(), 3U);
  write("a.txt", "not an indicator\n");
  EXPECT_FALSE(intel.reload_if_changed());
  EXPECT_EQ(intel.size(), 3U);
  EXPECT_EQ(intel.reload_if_changed(), Result<bool>{false});  // told once
  write("a.txt", "203.0.113.9\n");
  ASSERT_EQ(intel.reload_if_changed(), Result<bool>{true});
  fs::remove(directory_.path() / "b.txt");
  ASSERT_EQ(intel.reload_if_changed(), Result<bool>{true});
  EXPECT_EQ(intel.size(), 1U);
}

TEST_F(FilesTest, SaysOfIntelWhatWasFoundOrNotOrIsNotThere) {
  write("a.csv", "indicator,confidence,disposition\n203.0.113.1,0.9,bad\n203.0.113.2,0.9,good\n");
  Intel intel{{directory_.path()}};
  ASSERT_TRUE(intel.reload_if_changed());
  const auto found = **intel.answer_now(
      alert({{{"ip", "203.0.113.1"}, "src", true}, {{"ip", "203.0.113.2"}, "dst", true}}));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(signals(found[0]), ElementsAre("intel.known_bad", "intel.known_bad.ip"));
  EXPECT_DOUBLE_EQ(found[0].signals[0].strength, 0.9);
  EXPECT_THAT(signals(found[1]), ElementsAre("intel.known_good"));
  const auto nothing = **intel.answer_now(alert({{{"ip", "203.0.113.5"}, "src", true}}));
  ASSERT_EQ(nothing.size(), 1U);
  EXPECT_EQ(nothing[0].status, model::EvidenceStatus::empty);
  EXPECT_EQ((**Intel{{}}.answer_now(alert({})))[0].status, model::EvidenceStatus::not_collected);
}

TEST_F(FilesTest, FindsAssetsByNameShortNameAndAddress) {
  Assets assets{
      {write("assets.csv",
             "host,ip,owner,criticality,tags,os\n"
             "wks-0042.corp.example,10.0.0.42;10.1.0.42,jane,low,workstation;finance,Windows\n"
             "DC01,10.0.0.10,it,critical,server,\n"
             "web.a.example,,,,,\nweb.b.example,,,,,\n")}};
  ASSERT_TRUE(assets.reload_if_changed());
  const auto status = [&](std::string kind, std::string value) {
    return (**assets.answer_now(alert({{{std::move(kind), std::move(value)}, "device", true}})))[0]
        .status;
  };
  using enum model::EvidenceStatus;
  EXPECT_EQ(status("host", "WKS-0042"), found);
  EXPECT_EQ(status("host", "WKS-0042.CORP.EXAMPLE"), found);
  EXPECT_EQ(status("ip", "10.1.0.42"), found);
  EXPECT_EQ(status("host", "dc01.corp.example"), found);
  EXPECT_EQ(status("host", "web"), empty);  // which of the two?
  const auto dc = (**assets.answer_now(
      alert({{{"host", "dc01"}, "device", true}, {{"host", "dc01"}, "dst", true}})));
  EXPECT_THAT(signals(dc.at(0)),
              ElementsAre("asset.device.server", "asset.dst.server", "asset.critical"));
  EXPECT_EQ(dc.at(0).data.tree().at("criticality"), "critical");
}

TEST_F(FilesTest, FindsIdentitiesAndNotThoseOfAnotherRealm) {
  Identities identities{{write("users.json", R"([
    {"user":"jane","email":"jane@corp.example","privileged":true,"status":"Disabled","tags":["admin"]},
    {"user":"svc","vip":false}])")}};
  ASSERT_TRUE(identities.reload_if_changed());
  const auto ask = [&](std::string value) {
    return (**identities.answer_now(alert({{{"user", std::move(value)}, "actor", true}})))[0];
  };
  EXPECT_THAT(signals(ask("CORP\\Jane")),
              ElementsAre("identity.actor.admin", "identity.privileged", "identity.disabled"));
  EXPECT_EQ(ask("JANE@corp.example").status, model::EvidenceStatus::found);
  EXPECT_EQ(ask("jane@evil.example").status, model::EvidenceStatus::empty);
  EXPECT_EQ(ask("svc@corp.example").status, model::EvidenceStatus::found);
}

TEST_F(FilesTest, SaysWhereAnInventoryIsWrong) {
  Assets assets{{write("a.csv", "host,criticality\nok,low\nbad,sometimes\n")}};
  EXPECT_THAT(assets.reload_if_changed().error().detail,
              HasSubstr("a.csv:3: criticality 'sometimes'"));
  Assets twice{{write("b.csv", "host\nsame\nSAME\n")}};
  EXPECT_THAT(twice.reload_if_changed().error().detail, HasSubstr("b.csv:3"));
  Identities identities{{write("c.csv", "user,privileged\njane,maybe\n")}};
  EXPECT_THAT(identities.reload_if_changed().error().detail, HasSubstr("c.csv:2"));
  Assets missing{{directory_.path() / "none.csv"}};
  EXPECT_EQ(missing.reload_if_changed().error().code, Errc::not_found);
}

}  // namespace
}  // namespace sallyport::connectors::local
