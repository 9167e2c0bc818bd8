#include "engine/app/connector_shelf.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sallyport::app {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

const std::filesystem::path root{SALLYPORT_SOURCE_DIR};

/// A watched folder, and a shelf over it.
class DropIn : public ::testing::Test {
 protected:
  DropIn() {
    std::string name = std::filesystem::temp_directory_path() / "sallyport-shelf-XXXXXX";
    folder = ::mkdtemp(name.data());
    settings.connectors_folder = folder.string();
    settings.connectors["taken"] = {{"type", "nftables"}};
    ::setenv("SALLYPORT_TEST_SHELF", "a-token-of-nobody", 1);
    std::ifstream shipped{root / "connectors/idp/okta.yaml"};
    std::ostringstream all;
    all << shipped.rdbuf();
    okta = all.str();
  }

  ~DropIn() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name, const std::string& text) {
    const auto file = folder / name;
    std::ofstream{file} << text;
    // Whatever the resolution of the file system's times: this one is another.
    std::filesystem::last_write_time(
        file, std::filesystem::file_time_type{std::chrono::seconds{++written}});
  }

  ConnectorShelf::News look() { return shelf().look(); }

  ConnectorShelf& shelf() {
    if (!shelf_) {
      Faults faults;
      const auto document = config::Document::load(root / "schemas/actions.yaml").value();
      const auto catalogue =
          std::make_shared<const model::Catalogue>(model::Catalogue::read(document.root(), faults));
      shelf_.emplace(settings,
                     Reach{.catalogue = catalogue,
                           .clock = clock,
                           .pool = loop.get_executor(),
                           .loop = loop.get_executor()},
                     Products{});
    }
    return *shelf_;
  }

  const std::string instance =
      "manifest: mine.yaml\nbase_url: https://acme.okta.com\nsecrets: { api_token: "
      "env:SALLYPORT_TEST_SHELF }\n";
  std::filesystem::path folder;
  std::string okta;
  int written = 0;
  config::Settings settings;
  SystemClock clock;
  boost::asio::io_context loop;
  std::optional<ConnectorShelf> shelf_;
};

std::vector<std::string> verbs(const act::Actuator& actuator) {
  return actuator.verbs();
}

}  // namespace

TEST_F(DropIn, AManifestAndItsInstanceAreAConnectorInWhateverOrderTheyCome) {
  EXPECT_THAT(look().put, IsEmpty());
  write("okta-acme.yaml", instance);
  const auto first = look();
  ASSERT_THAT(first.put, SizeIs(1));
  EXPECT_EQ(first.put[0]->name(), "okta-acme");
  EXPECT_THAT(verbs(*first.put[0]), IsEmpty());
  write("mine.yaml", okta);
  const auto second = look();
  EXPECT_THAT(second.put, IsEmpty());
  EXPECT_THAT(second.read, ElementsAre("okta-acme"));
  EXPECT_THAT(verbs(*first.put[0]),
              ElementsAre("disable_user", "enable_user", "reset_password", "revoke_sessions"));
  EXPECT_THAT(look().read, IsEmpty());
}

TEST_F(DropIn, AFaultyManifestIsSaidByLineAndTheOldOneStays) {
  write("mine.yaml", okta);
  write("okta-acme.yaml", instance);
  const auto connector = look().put.at(0);
  write("mine.yaml", okta + "\n  no_verb: {}\n");
  const auto news = look();
  ASSERT_THAT(news.faults, SizeIs(1));
  EXPECT_THAT(news.faults[0], HasSubstr("mine.yaml:"));
  EXPECT_THAT(news.faults[0], HasSubstr("no_verb"));
  EXPECT_THAT(verbs(*connector), SizeIs(4));
  EXPECT_THAT(look().faults, IsEmpty()) << "said once";
}

TEST_F(DropIn, AFaultyInstanceIsSaidByLineAndTheOldOneStays) {
  write("mine.yaml", okta);
  write("okta-acme.yaml", instance);
  ASSERT_THAT(look().put, SizeIs(1));
  write("okta-acme.yaml", instance + "bas_url: x\n");
  const auto news = look();
  EXPECT_THAT(news.put, IsEmpty());
  EXPECT_THAT(news.taken_away, IsEmpty());
  ASSERT_THAT(news.faults, SizeIs(1));
  EXPECT_THAT(news.faults[0], HasSubstr("okta-acme.yaml:4:"));
  EXPECT_THAT(news.faults[0], HasSubstr("bas_url"));
  write("okta-acme.yaml", instance + "never: [root@acme.example]\n");
  EXPECT_THAT(look().put, SizeIs(1)) << "and when it is right, it is used";
}

TEST_F(DropIn, AConnectorMayHaveLimitsOfItsOwn) {
  settings.actions.at_once = 7;
  write("fw.yaml", "type: nftables\nactions: { attempts: 1, breaker: { failures: 2 } }\n");
  const auto news = look();
  ASSERT_THAT(news.put, SizeIs(1));
  ASSERT_TRUE(news.limits.contains("fw"));
  const auto& limits = news.limits.at("fw");
  EXPECT_EQ(limits.attempts, 1U);
  EXPECT_EQ(limits.breaker.failures, 2U);
  EXPECT_EQ(limits.at_once, 7U) << "what it does not say is as for all";
  write("fw.yaml", "type: nftables\nactions: { at_once: 0, breaker: { failure: 2 } }\n");
  const auto faulty = look();
  EXPECT_THAT(faulty.put, IsEmpty());
  ASSERT_THAT(faulty.faults, SizeIs(1));
  EXPECT_THAT(faulty.faults[0], HasSubstr("fw.yaml:2:12: error: /actions/at_once: at least 1"));
  EXPECT_THAT(faulty.faults[0], HasSubstr("failure"));
}

TEST_F(DropIn, WhatIsTakenOutOfTheFolderIsTakenAway) {
  write("mine.yaml", okta);
  write("okta-acme.yaml", instance);
  ASSERT_THAT(look().put, SizeIs(1));
  std::filesystem::remove(folder / "okta-acme.yaml");
  EXPECT_THAT(look().taken_away, ElementsAre("okta-acme"));
}

TEST_F(DropIn, ANameOfTheSettingsIsNotTakenByAFile) {
  write("taken.yaml", instance);
  const auto news = look();
  EXPECT_THAT(news.put, IsEmpty());
  ASSERT_THAT(news.faults, SizeIs(1));
  EXPECT_THAT(news.faults[0], HasSubstr("the settings have a connector taken"));
}

}  // namespace sallyport::app
