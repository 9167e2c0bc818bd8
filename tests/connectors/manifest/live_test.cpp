#include "connectors/manifest/live.hpp"

#include "tests/connectors/manifest/world.hpp"
#include "tools/lab/vendors/okta.hpp"

#include <boost/mp11/algorithm.hpp>
#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

namespace sallyport::connectors::manifest::testing {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

/// A connector whose manifest is a file of the test's own.
struct Live {
  Live() {
    std::ifstream shipped{root / "connectors/idp/okta.yaml"};
    std::ostringstream all;
    all << shipped.rdbuf();
    text = all.str();
  }

  ~Live() { std::filesystem::remove_all(folder); }

  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  void write(const std::string& what) {
    const auto fresh = folder / "fresh";
    std::ofstream{fresh} << what;
    std::filesystem::rename(fresh, file);
    // Whatever the resolution of the file system's times: this one is another.
    std::filesystem::last_write_time(
        file, std::filesystem::file_time_type{std::chrono::seconds{++written}});
  }

  Result<std::shared_ptr<LiveConnector>> make() {
    auto config = lab_config(*vendor, {{"api_token", "lab-okta-token"}});
    config.manifest = file.string();
    return LiveConnector::make(config,
                               {.catalogue = std::make_shared<const model::Catalogue>(catalogue()),
                                .clock = clock,
                                .executor = loop.executor(),
                                .places = std::make_shared<KnownPlaces>()});
  }

  std::filesystem::path folder = [] {
    std::string name = std::filesystem::temp_directory_path() / "sallyport-live-XXXXXX";
    return std::filesystem::path{::mkdtemp(name.data())};
  }();
  std::filesystem::path file = folder / "okta.yaml";
  std::string text;
  int written = 0;
  SystemClock clock;
  std::unique_ptr<lab::VendorServer> vendor =
      lab::VendorServer::start(std::make_unique<lab::OktaLab>()).value();
  Loop loop;
};

std::string without_sessions(std::string text) {
  return text.substr(0, text.find("  revoke_sessions:"));
}

template <class T>
std::set<std::string> members() {
  std::set<std::string> names;
  boost::mp11::mp_for_each<sallyport::detail::Members<T>>([&](auto d) { names.emplace(d.name); });
  return names;
}

}  // namespace

TEST(LiveManifest, AFileThatIsDroppedInIsLive) {
  Live live;
  const auto connector = live.make().value();
  EXPECT_THAT(connector->verbs(), IsEmpty());
  live.write(live.text);
  EXPECT_EQ(connector->reload_if_changed().value(), true);
  EXPECT_THAT(connector->verbs(),
              ElementsAre("disable_user", "enable_user", "reset_password", "revoke_sessions"));
  World world{connector};
  EXPECT_EQ(world.run("disable_user", {.kind = "user", .value = "alice@acme.example"}).state,
            model::ActionState::verified);
}

TEST(LiveManifest, AnEditIsUsedFromThenOn) {
  Live live;
  live.write(live.text);
  const auto connector = live.make().value();
  const auto& before = connector->verbs();
  EXPECT_EQ(connector->reload_if_changed().value(), false);
  live.write(without_sessions(live.text));
  EXPECT_EQ(connector->reload_if_changed().value(), true);
  EXPECT_THAT(connector->verbs(), ElementsAre("disable_user", "enable_user"));
  EXPECT_EQ(before.size(), 4U) << "what was handed out stays";
}

TEST(LiveManifest, AFaultyFileIsRefusedWithItsFaultsAndTheOldOneStays) {
  Live live;
  live.write(live.text);
  const auto connector = live.make().value();
  auto faulty = live.text;
  faulty.replace(faulty.find("enable_user:"), 11, "enable_usr");
  live.write(faulty);
  const auto refused = connector->reload_if_changed();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("okta.yaml:"));
  EXPECT_THAT(refused.error().detail, HasSubstr("did you mean 'enable_user'?"));
  EXPECT_EQ(connector->verbs().size(), 4U);
  EXPECT_EQ(connector->reload_if_changed().value(), false) << "said once";
}

TEST(LiveManifest, AFileThatIsTakenAwayLeavesWhatWasKnown) {
  Live live;
  live.write(live.text);
  const auto connector = live.make().value();
  std::filesystem::remove(live.file);
  EXPECT_EQ(connector->reload_if_changed().value(), false);
  EXPECT_EQ(connector->verbs().size(), 4U);
}

TEST(ManifestSchema, KnowsTheSameKeysAsTheReader) {
  std::ifstream file{root / "schemas/connector.schema.json"};
  std::ostringstream all;
  all << file.rdbuf();
  const auto schema = parse_json(all.str()).value();
  const auto keys = [&](const std::string& path) {
    std::set<std::string> names;
    const auto found = value_at(schema, path);
    EXPECT_TRUE(found) << path;
    if (found)
      for (const auto& [name, about] : found->as_object()) names.emplace(name);
    return names;
  };
  EXPECT_EQ(keys("properties"), members<ManifestSpec>());
  EXPECT_EQ(keys("properties.connector.properties"), members<ConnectorSpec>());
  EXPECT_EQ(keys("properties.auth.properties"), members<AuthSpec>());
  EXPECT_EQ(keys("properties.auth.properties.signature.properties"), members<SignatureSpec>());
  EXPECT_EQ(keys("properties.auth.properties.assertion.properties"), members<AssertionSpec>());
  EXPECT_EQ(keys("properties.auth.properties.aws.properties"), members<AwsSpec>());
  EXPECT_EQ(keys("properties.error_detail.properties"), members<ErrorDetailSpec>());
  EXPECT_EQ(keys("properties.limits.items.properties"), members<LimitSpec>());
  EXPECT_EQ(keys("$defs.value.properties"), members<ValueSpec>());
  EXPECT_EQ(keys("$defs.pages.properties"), members<PagesSpec>());
  EXPECT_EQ(keys("$defs.request.properties"), members<RequestSpec>());
  EXPECT_EQ(keys("$defs.error.properties"), members<ErrorRule>());
  EXPECT_EQ(keys("$defs.step.properties"), members<StepSpec>());
  EXPECT_EQ(keys("$defs.endpoint.properties"), members<EndpointSpec>());
  EXPECT_EQ(keys("$defs.operation.properties"), members<OperationSpec>());
  EXPECT_EQ(keys("$defs.operation.properties.state.properties"), members<StateSpec>());
  EXPECT_EQ(keys("$defs.operation.properties.act.properties"), members<ActSpec>());
  EXPECT_EQ(keys("$defs.wait.properties"), members<WaitSpec>());
  EXPECT_EQ(keys("$defs.operation.properties.undo.properties"), members<UndoSpec>());
}

}  // namespace sallyport::connectors::manifest::testing
