#include "engine/config/settings.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>  // mkdtemp

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sallyport::config {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

fs::path shipped_file() {
  return home().value() / "config" / "sallyport.yaml";
}

/// A folder of its own for each test, gone at its end.
class SettingsFile : public ::testing::Test {
 protected:
  SettingsFile() {
    std::string name = fs::temp_directory_path() / "sallyport-settings-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    folder_ = name;
  }

  ~SettingsFile() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  [[nodiscard]] fs::path write(std::string_view text) const {
    const auto file = folder_ / "settings.yaml";
    std::ofstream{file} << text;
    return file;
  }

  [[nodiscard]] std::string fault_of(std::string_view text) const {
    const auto settings = load_settings(write(text));
    return settings ? "none" : settings.error().detail;
  }

  fs::path folder_;
};

}  // namespace

TEST(ShippedSettings, NameEveryOptionAtItsDefault) {
  const auto shipped = Document::load(shipped_file());
  ASSERT_TRUE(shipped) << shipped.error().detail;
  EXPECT_EQ(shipped->root(), to_json_value(Settings{}));
}

TEST_F(SettingsFile, GroupsByTheShippedRulesUntilItHasItsOwn) {
  const auto file = write("policy: policy.yaml\n");
  EXPECT_EQ(load_settings(file).value().grouping, home().value() / "config/grouping.yaml");
  std::ofstream{folder_ / "grouping.yaml"} << "rules: []\n";
  EXPECT_EQ(load_settings(file).value().grouping, folder_ / "grouping.yaml");
}

TEST_F(SettingsFile, NamesAFileOfGroupingThatMustBeThere) {
  EXPECT_EQ(load_settings(write("grouping: mine.yaml\n")).value().grouping, folder_ / "mine.yaml");
  EXPECT_EQ(load_settings(write("grouping: ''\n")).value().grouping, "");
}

TEST_F(SettingsFile, ThatSaysNothingMeansTheShippedOne) {
  const auto copy = folder_ / "sallyport.yaml";
  fs::copy_file(shipped_file(), copy);
  fs::copy_file(shipped_file().parent_path() / "grouping.yaml", folder_ / "grouping.yaml");
  const auto shipped = load_settings(copy);
  const auto silent = load_settings(write("# nothing\n"));
  ASSERT_TRUE(shipped) << shipped.error().detail;
  ASSERT_TRUE(silent) << silent.error().detail;
  EXPECT_EQ(to_json_value(*silent), to_json_value(*shipped));
}

TEST_F(SettingsFile, PathsAreRelativeToItsFolder) {
  const auto settings = load_settings(write("data_dir: state\nintel: [lists, /srv/lists]\n"));
  ASSERT_TRUE(settings) << settings.error().detail;
  EXPECT_EQ(settings->data_dir, folder_ / "state");
  EXPECT_EQ(settings->policy, folder_ / "policy.yaml");
  EXPECT_THAT(settings->intel, ::testing::ElementsAre((folder_ / "lists").string(), "/srv/lists"));
}

TEST_F(SettingsFile, FilesOfSecretsAndOfKafkaAreRelativeToItsFolder) {
  const auto settings = load_settings(write(
      "http: { tokens: [ { name: a, secret: 'file:token', roles: [admin] } ] }\n"
      "kafka:\n"
      "  properties: { ssl.ca.location: ca.pem, ssl.crl.location: /etc/crl, client.rack: ca.pem }\n"
      "  secret_properties: { sasl.password: 'env:PASSWORD', ssl.key.password: 'file:/etc/key' "
      "}\n"));
  ASSERT_TRUE(settings) << settings.error().detail;
  EXPECT_EQ(settings->http.tokens.front().secret, "file:" + (folder_ / "token").string());
  const auto& kafka = settings->kafka;
  EXPECT_EQ(kafka.properties.at("ssl.ca.location"), folder_ / "ca.pem");
  EXPECT_EQ(kafka.properties.at("ssl.crl.location"), "/etc/crl");
  EXPECT_EQ(kafka.properties.at("client.rack"), "ca.pem");
  EXPECT_EQ(kafka.secret_properties.at("sasl.password"), "env:PASSWORD");
  EXPECT_EQ(kafka.secret_properties.at("ssl.key.password"), "file:/etc/key");
}

TEST_F(SettingsFile, APropertyOfKafkaThatWouldLoseAlertsIsRefused) {
  EXPECT_THAT(
      fault_of("kafka:\n  properties:\n    enable.auto.commit: 'true'\n"),
      HasSubstr("settings.yaml:3:5: error: /kafka/properties/enable.auto.commit: not to be"));
  EXPECT_THAT(fault_of("kafka: { secret_properties: { bootstrap.servers: 'env:B' } }\n"),
              HasSubstr("kafka.brokers names them"));
}

TEST_F(SettingsFile, AMisspeltKeyIsRefusedWithItsPlace) {
  EXPECT_THAT(fault_of("http:\n  lissten: 127.0.0.1:1\n"), HasSubstr("settings.yaml:2:"));
}

TEST_F(SettingsFile, ATokenOfNobodyWithoutRolesIsTwoFaults) {
  const auto fault = fault_of("http: { tokens: [ { secret: env:T } ] }\n");
  EXPECT_THAT(fault, HasSubstr("needs a name"));
  EXPECT_THAT(fault, HasSubstr("needs roles"));
}

TEST_F(SettingsFile, ARoleThatDoesNotExistIsRefused) {
  EXPECT_THAT(fault_of("http: { tokens: [ { name: a, secret: env:T, roles: [root] } ] }\n"),
              HasSubstr("no role 'root'"));
}

TEST_F(SettingsFile, AChannelNeedsAUrlASecretAndANameOfItsOwn) {
  EXPECT_THAT(fault_of("notifications: { channels: { soc: { secret: 'env:S' } } }"),
              HasSubstr("needs a url"));
  EXPECT_THAT(fault_of("notifications: { channels: { soc: { url: 'https://a/' } } }"),
              HasSubstr("needs a secret"));
  EXPECT_THAT(
      fault_of("notifications: { channels: { log: { url: 'https://a/', secret: 'env:S' } } }"),
      HasSubstr("name of its own"));
  EXPECT_EQ(
      fault_of("notifications: { channels: { soc: { url: 'https://a/', secret: 'env:S' } } }"),
      "none");
}

TEST_F(SettingsFile, BoundsOfAutonomyAreShares) {
  EXPECT_THAT(fault_of("autonomy: { agreement_floor: 80 }"), HasSubstr("from 0 to 1"));
  EXPECT_THAT(fault_of("autonomy: { rollback_ceiling: -0.1 }"), HasSubstr("from 0 to 1"));
  EXPECT_THAT(fault_of("autonomy: { window: 4 }"), HasSubstr("from min_samples"));
  EXPECT_THAT(fault_of("autonomy: { days: 0 }"), HasSubstr("from 1 to 366"));
  EXPECT_EQ(fault_of("autonomy: { agreement_floor: 0, rollback_ceiling: 1 }"), "none");
}

TEST_F(SettingsFile, ASeverityMayHaveABudgetOfItsOwnAndNoOtherNameMay) {
  const auto settings =
      load_settings(write("investigation: { by_severity: { critical: { reason_ms: 15000 } } }"));
  ASSERT_TRUE(settings) << settings.error().detail;
  EXPECT_EQ(settings->investigation.by_severity.at("critical").reason_ms, 15000U);
  EXPECT_THAT(fault_of("investigation: { by_severity: { severe: { reason_ms: 1 } } }"),
              HasSubstr("no severity 'severe'"));
  EXPECT_THAT(fault_of("investigation: { buffer_ms: 600000 }"), HasSubstr("from 1 to 600000 ms"));
}

TEST_F(SettingsFile, ATlsKeyWithoutItsCertificateIsRefused) {
  EXPECT_THAT(fault_of("http: { tls: { key: key.pem } }\n"), HasSubstr("come together"));
}

}  // namespace sallyport::config
