#include "engine/app/materials.hpp"

#include <boost/asio/thread_pool.hpp>
#include <gmock/gmock.h>
#include <stdlib.h>  // mkdtemp

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace sallyport::app {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A settings file of its own for each test, beside the shipped files that it has to name.
class Gathering : public ::testing::Test {
 protected:
  Gathering() {
    std::string name = fs::temp_directory_path() / "sallyport-materials-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    folder_ = name;
  }

  ~Gathering() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void write(std::string_view name, std::string_view text) const {
    std::ofstream{folder_ / name} << text;
  }

  /// What is wrong with settings that say `text`; "none".
  [[nodiscard]] std::string fault_of(std::string_view text) {
    const fs::path shipped{SALLYPORT_SOURCE_DIR};
    fs::copy_file(shipped / "config/grouping.yaml",
                  folder_ / "grouping.yaml",
                  fs::copy_options::overwrite_existing);
    write("settings.yaml",
          "reasoner: " + (shipped / "config/reasoner.yaml").string() +
              "\nschemas: " + (shipped / "schemas").string() + "\n" + std::string{text});
    const auto settings = config::load_settings(folder_ / "settings.yaml");
    if (!settings) return settings.error().detail;
    const auto materials = gather(*settings, clock_, pool_.get_executor(), pool_.get_executor());
    return materials ? "none" : materials.error().detail;
  }

  fs::path folder_;
  SystemClock clock_;
  boost::asio::thread_pool pool_{1};
};

TEST_F(Gathering, AFaultyGroupingIsRefusedWithItsPlace) {
  write("groups.yaml", "rules:\n  - { name: r, same: [a..b] }\n");
  EXPECT_THAT(fault_of("grouping: groups.yaml\n"), HasSubstr("groups.yaml:2:"));
}

TEST_F(Gathering, TheDefaultsAreSound) {
  EXPECT_EQ(fault_of(""), "none");
}

TEST_F(Gathering, AConnectorOfAnUnknownTypeIsNamedWithItsPlace) {
  const auto fault = fault_of("connectors:\n  firewall:\n    type: nftable\n");
  EXPECT_THAT(fault, HasSubstr("settings.yaml:5:5: error: /connectors/firewall/type: "));
  EXPECT_THAT(fault, HasSubstr("did you mean 'nftables'?"));
}

TEST_F(Gathering, AMisspeltOptionOfAConnectorIsNamedWithItsPlace) {
  EXPECT_THAT(fault_of("connectors:\n  firewall:\n    type: nftables\n    tabel: x\n"),
              HasSubstr("settings.yaml:6:5: error: /connectors/firewall/tabel: unknown key"));
}

TEST_F(Gathering, OptionsThatAnAdapterRefusesAreTold) {
  EXPECT_THAT(fault_of("connectors:\n  firewall: { type: nftables, widest_v4: 4 }\n"),
              HasSubstr("settings.yaml:4:3: error: /connectors/firewall: widest_v4 goes from 8"));
}

TEST_F(Gathering, ASecretIsReadFromAFileBesideTheSettings) {
  constexpr auto text =
      "connectors:\n"
      "  idp: { type: ldap, urls: [ldaps://d.example], bind_dn: 'cn=a', base_dn: 'o=a',\n"
      "         bind_password: 'file:word' }\n";
  EXPECT_THAT(fault_of(text), HasSubstr("settings.yaml:4:3: error: /connectors/idp: no secret in"));
  write("word", "correct horse battery staple\n");
  EXPECT_EQ(fault_of(text), "none");
}

TEST_F(Gathering, HowAProductIsAskedIsCheckedToo) {
  const auto with = [this](std::string_view enrich) {
    write("key", "0123456789abcdef\n");
    return fault_of(
        fmt::format("connectors:\n  vt: {{ type: manifest, manifest: {}, secrets: {{ "
                    "api_key: 'file:key' }}, enrich: {} }}\n",
                    SALLYPORT_SOURCE_DIR "/connectors/intel/virustotal.yaml",
                    enrich));
  };
  EXPECT_EQ(with("{ entities: [ip, hash], most: 3 }"), "none");
  EXPECT_THAT(with("{ entities: [ips] }"),
              HasSubstr("settings.yaml:4:3: error: /connectors/vt: enrich.entities: 'ips' is no "
                        "kind of entity"));
  EXPECT_THAT(with("{ at_once: 0 }"), HasSubstr("enrich.at_once: at least 1"));
  EXPECT_THAT(with("{ at_onec: 2 }"), HasSubstr("did you mean 'at_once'?"));
}

TEST_F(Gathering, AFeedThatCannotBeMadeIsNamedWithItsPlace) {
  EXPECT_THAT(fault_of("taxii:\n  feed: { url: 'http://taxii.example/api1/' }\n"),
              HasSubstr("settings.yaml:4:3: error: /taxii/feed: url: without https"));
  EXPECT_THAT(fault_of("taxii:\n  feed: { uri: 'https://taxii.example/' }\n"),
              HasSubstr("/taxii/feed/uri: unknown key"));
  EXPECT_THAT(fault_of("taxii:\n  ../x: { url: 'https://taxii.example/' }\n"),
              HasSubstr("a feed's name is letters"));
  EXPECT_EQ(fault_of("taxii:\n  feed: { url: 'https://taxii.example/api1/' }\n"), "none");
}

TEST_F(Gathering, ADatabaseOfPlacesThatIsNoneIsRefused) {
  write("city.mmdb", "nothing");
  EXPECT_THAT(fault_of("geoip: [city.mmdb]\n"), HasSubstr("city.mmdb: "));
  write("scan.csv", "host,cve\nweb,CVE-1\n");
  EXPECT_THAT(fault_of("vulnerabilities: [scan.csv]\n"), HasSubstr("scan.csv:2: "));
}

TEST_F(Gathering, ATokenWithoutItsSecretIsNamedWithItsPlace) {
  EXPECT_THAT(
      fault_of(
          "http:\n  tokens:\n    - { name: a, secret: 'env:SALLYPORT_NOT_SET', roles: [admin] }\n"),
      HasSubstr("settings.yaml:5:7: error: /http/tokens/0: environment variable"));
}

TEST_F(Gathering, AChannelThatCannotBeMadeIsNamedWithItsPlace) {
  constexpr auto text =
      "notifications:\n  channels:\n    soc: { url: 'https://hooks.example/', secret: 'file:word' "
      "}\n";
  EXPECT_THAT(fault_of(text),
              HasSubstr("settings.yaml:5:5: error: /notifications/channels/soc: no secret in"));
  write("word", "too short");
  EXPECT_THAT(fault_of(text), HasSubstr("the secret is shorter than 16 characters"));
  write("word", "correct horse battery staple\n");
  EXPECT_EQ(fault_of(text), "none");
}

TEST_F(Gathering, AnAddressThatNothingCanListenOnIsRefused) {
  for (const auto* listen : {"8080", "localhost:8080", "127.0.0.1:", "127.0.0.1:99999", "[::1]"})
    EXPECT_THAT(fault_of(std::string{"http: { listen: '"} + listen + "' }\n"),
                HasSubstr("settings.yaml:3:9: error: /http/listen: "))
        << listen;
  EXPECT_EQ(fault_of("http: { listen: '[::1]:8080' }\n"), "none");
  EXPECT_EQ(fault_of("http: { listen: '' }\n"), "none");
}

TEST_F(Gathering, PropertiesThatLibrdkafkaRefusesAreTold) {
  EXPECT_EQ(fault_of("kafka: { brokers: 'broker.example:9092' }\n"), "none");
  EXPECT_THAT(fault_of("kafka: { brokers: 'b:9', properties: { sekurity.protocol: SSL } }\n"),
              HasSubstr("settings.yaml:3:26: error: /kafka/properties: Kafka property sekurity"));
  EXPECT_THAT(fault_of("kafka: { brokers: 'b:9', secret_properties: { sasl.password: plain } }\n"),
              HasSubstr("error: /kafka/secret_properties/sasl.password: a secret is given by ref"));
  EXPECT_THAT(fault_of("kafka: { brokers: 'b:9', topics: [ { name: '^a(' } ] }\n"),
              HasSubstr("error: /kafka/topics/0: '^a(' is no pattern"));
}

TEST_F(Gathering, EverythingThatIsWrongIsToldAtOnce) {
  const auto fault =
      fault_of("assets: [none.csv]\nhttp: { listen: here }\nconnectors: { a: {} }\n");
  EXPECT_THAT(fault, HasSubstr("none.csv"));
  EXPECT_THAT(fault, HasSubstr("/http/listen"));
  EXPECT_THAT(fault, HasSubstr("/connectors/a"));
}

}  // namespace

}  // namespace sallyport::app
