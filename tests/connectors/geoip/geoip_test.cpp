#include "connectors/geoip/geoip.hpp"

#include "tests/connectors/geoip/mmdb_writer.hpp"
#include "tests/store/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace sallyport::connectors::geoip {

using model::EvidenceStatus;
using ::testing::HasSubstr;
using testing::MmdbWriter;

namespace {

struct GeoIpTest : ::testing::Test {
  std::string city() {
    MmdbWriter writer;
    writer.add({203, 0, 113, 0},
               24,
               MmdbWriter::map(
                   {{"country",
                     MmdbWriter::map(
                         {{"iso_code", MmdbWriter::text("NL")},
                          {"names", MmdbWriter::map({{"en", MmdbWriter::text("Netherlands")}})}})},
                    {"city",
                     MmdbWriter::map(
                         {{"names", MmdbWriter::map({{"en", MmdbWriter::text("Utrecht")}})}})}}));
    return write(writer, "city.mmdb");
  }

  std::string networks() {
    MmdbWriter writer;
    writer.add({203, 0, 113, 64},
               26,
               MmdbWriter::map({{"autonomous_system_number", MmdbWriter::number(64500)},
                                {"autonomous_system_organization", MmdbWriter::text("Lab Net")}}));
    return write(writer, "asn.mmdb");
  }

  std::string write(const MmdbWriter& writer, const std::string& name) {
    const auto file = (directory_.path() / name).string();
    writer.write(file);
    return file;
  }

  static std::vector<model::Evidence> ask(GeoIp& geo, const std::string& address) {
    const auto read = geo.reload_if_changed();
    EXPECT_TRUE(read) << read.error().detail;
    model::Alert alert;
    alert.entities = {{{"ip", address}, "src", true}};
    return geo.answer_now(alert)->value();
  }

  sallyport::testing::TemporaryDirectory directory_;
};

}  // namespace

TEST_F(GeoIpTest, AnAddressIsPlacedByAllTheDatabasesTogether) {
  GeoIp geo{{city(), networks()}};
  const auto evidence = ask(geo, "203.0.113.66");
  ASSERT_EQ(evidence.size(), 1U);
  EXPECT_EQ(evidence[0].status, EvidenceStatus::found);
  EXPECT_EQ(evidence[0].trust, model::Trust::trusted);
  EXPECT_EQ(evidence[0].summary, "203.0.113.66 is in Utrecht, Netherlands (AS64500 Lab Net)");
  EXPECT_EQ(evidence[0].data.tree().at("country").as_string(), "NL");
  ASSERT_EQ(evidence[0].signals.size(), 1U);
  EXPECT_EQ(evidence[0].signals[0].name, "geo.src.NL");
}

TEST_F(GeoIpTest, WhatOneDatabaseDoesNotKnowIsLeftOut) {
  GeoIp geo{{city(), networks()}};
  EXPECT_EQ(ask(geo, "203.0.113.1")[0].summary, "203.0.113.1 is in Utrecht, Netherlands");
}

TEST_F(GeoIpTest, AnAddressThatNoneKnowsIsEmpty) {
  GeoIp geo{{city()}};
  EXPECT_EQ(ask(geo, "198.51.100.1")[0].status, EvidenceStatus::empty);
  EXPECT_EQ(ask(geo, "2001:db8::1")[0].status, EvidenceStatus::empty);
}

TEST_F(GeoIpTest, WithoutADatabaseItIsNotCollected) {
  GeoIp geo{{}};
  EXPECT_EQ(ask(geo, "203.0.113.66")[0].status, EvidenceStatus::not_collected);
}

TEST_F(GeoIpTest, WhatIsNoDatabaseIsRefusedAndTheOldOneStays) {
  const auto file = city();
  GeoIp geo{{file}};
  EXPECT_EQ(ask(geo, "203.0.113.66")[0].status, EvidenceStatus::found);
  const auto other = (directory_.path() / "new.mmdb").string();
  std::ofstream{other} << "not a database";
  std::filesystem::rename(other, file);
  const auto read = geo.reload_if_changed();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::invalid_input);
  EXPECT_THAT(read.error().detail, HasSubstr("city.mmdb"));
  EXPECT_EQ(ask(geo, "203.0.113.66")[0].status, EvidenceStatus::found);
}

TEST_F(GeoIpTest, ADatabaseThatIsCutOffAnywhereIsRefusedOrAnswersWithoutACrash) {
  const auto file = city();
  std::string whole(std::filesystem::file_size(file), '\0');
  std::ifstream{file, std::ios::binary}.read(whole.data(),
                                             static_cast<std::streamsize>(whole.size()));
  const auto cut = (directory_.path() / "cut.mmdb").string();
  std::size_t refused = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    std::ofstream{cut, std::ios::binary} << whole.substr(n);
    const auto read = Databases::read({cut});
    if (read) {
      (void)read->find("203.0.113.66");
    } else {
      ++refused;
    }
    std::ofstream{cut, std::ios::binary} << whole.substr(0, n);
    const auto headless = Databases::read({cut});
    if (headless) {
      (void)headless->find("203.0.113.66");
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, whole.size() / 2);
}

}  // namespace sallyport::connectors::geoip
