#pragma once

#include "connectors/manifest/connector.hpp"
#include "engine/act/reversal.hpp"
#include "engine/config/document.hpp"
#include "tools/conformance/workbench.hpp"
#include "tools/lab/vendors/vendor_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sallyport::connectors::manifest::testing {

inline const std::filesystem::path root{SALLYPORT_SOURCE_DIR};

inline const model::Catalogue& catalogue() {
  static const auto read = [] {
    Faults faults;
    const auto document = config::Document::load(root / "schemas/actions.yaml").value();
    return model::Catalogue::read(document.root(), faults);
  }();
  return read;
}

inline std::shared_ptr<const Plan> plan_of(const std::string& file) {
  auto plan = load(root / "connectors" / file, catalogue());
  EXPECT_TRUE(plan) << plan.error().detail;
  return plan.value_or(nullptr);
}

using conformance::Loop;
using conformance::wait;

/// What every connector of these tests has in common: this machine as the product's.
inline Config lab_config(const lab::VendorServer& vendor,
                         std::map<std::string, std::string> secrets,
                         std::map<std::string, json::value> options = {}) {
  Config config{.name = "product",
                .base_url = vendor.url(),
                .options = std::move(options),
                .allow = {"127.0.0.1"}};
  for (const auto& [name, text] : secrets) {
    const auto variable = "SALLYPORT_TEST_" + name;
    ::setenv(variable.c_str(), text.c_str(), 1);
    config.secrets.emplace(name, "env:" + variable);
  }
  return config;
}

/// A workbench whose gate lets everything through, and one connector.
struct World {
  explicit World(std::shared_ptr<act::Actuator> product)
      : bench{
            conformance::Workbench::make(std::move(product),
                                         conformance::anything_goes(catalogue()),
                                         {.product = {.request_timeout = std::chrono::seconds{5}},
                                          .verify = {.verify_for = std::chrono::milliseconds{700}}})
                .value()} {}

  model::Action run(const std::string& verb, model::Target target, json::object parameters = {}) {
    return expected(bench->run(verb, std::move(target), std::move(parameters)));
  }

  /// Undoes `action` the way the engine does: a new action through the gate.
  model::Action roll_back(const model::Action& action) {
    return expected(bench->roll_back(action));
  }

  [[nodiscard]] model::Action stored(const model::Action& action) const {
    return bench->stored(action).value();
  }

  static model::Action expected(Result<model::Action> ran) {
    EXPECT_TRUE(ran) << ran.error().detail;
    return ran.value_or(model::Action{});
  }

  std::unique_ptr<conformance::Workbench> bench;
  act::Executor* executor = &bench->executor();
};

/// A vendor of the lab with the connector that its manifest makes, in a world of its own.
template <class Vendor>
struct Setting {
  Setting(const std::string& manifest,
          std::map<std::string, std::string> secrets,
          std::map<std::string, json::value> options = {}) {
    auto made = Connector::make(plan_of(manifest),
                                lab_config(*vendor, std::move(secrets), std::move(options)),
                                std::make_shared<KnownPlaces>(),
                                clock,
                                loop.executor());
    EXPECT_TRUE(made) << made.error().detail;
    connector = *std::move(made);
    world.emplace(connector);
  }

  template <class Work>
  auto with(Work work) {
    return vendor->template with<Vendor>(std::move(work));
  }

  SystemClock clock;
  std::unique_ptr<lab::VendorServer> vendor =
      lab::VendorServer::start(std::make_unique<Vendor>()).value();
  Loop loop;
  std::shared_ptr<Connector> connector;
  std::optional<World> world;
};

}  // namespace sallyport::connectors::manifest::testing
