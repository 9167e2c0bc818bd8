#pragma once

#include "connectors/manifest/connector.hpp"
#include "engine/act/executor.hpp"
#include "engine/base/ulid.hpp"
#include "engine/config/document.hpp"
#include "engine/gate/gate.hpp"
#include "engine/store/store.hpp"
#include "tests/base/run.hpp"
#include "tools/lab/vendors/vendor_server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
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

/// A loop with a thread of its own, as the engine's.
class Loop {
 public:
  Loop() : thread_{[this] { loop_.run(); }} {}

  ~Loop() {
    work_.reset();
    loop_.stop();
    thread_.join();
  }

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] asio::any_io_executor executor() { return loop_.get_executor(); }

 private:
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  std::thread thread_;
};

/// Waits for `task` on a fresh loop.
template <class T>
Result<T> wait(Task<T> task) {
  Result<T> result = fail(Errc::cancelled, "did not end");
  auto keep = [](Task<T> work, Result<T>& into) -> asio::awaitable<void> {
    into = co_await std::move(work);
  };
  sallyport::testing::run(keep(std::move(task), result));
  return result;
}

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

/// A real store, a gate that lets everything through, the executor, and one connector.
struct World {
  explicit World(std::shared_ptr<act::Actuator> product) : actuator{std::move(product)} {
    std::string overrides;
    for (const auto& [verb, about] : catalogue().verbs())
      overrides +=
          fmt::format(R"({}"{}":{{"force_auto":true}})", overrides.empty() ? "" : ",", verb);
    Faults faults;
    auto policy = gate::Policy::compile(
        parse_json(fmt::format(R"({{"tenants":{{"acme":{{"tier":"L4","overrides":{{{}}}}}}}}})",
                               overrides))
            .value(),
        catalogue(),
        {},
        faults);
    EXPECT_TRUE(policy) << summary(faults);
    gate.emplace(std::move(policy));
    store = store::Store::open({.directory = directory}).value();
    actions.emplace(*store, clock, std::chrono::hours{0});
    EXPECT_TRUE(actions->load_open());
    executor.emplace(*actions,
                     *gate,
                     clock,
                     std::vector<std::shared_ptr<act::Actuator>>{actuator},
                     act::ExecutorOptions{.request_timeout = std::chrono::seconds{5},
                                          .verify_for = std::chrono::milliseconds{700}},
                     [](store::Batch&, const model::Action&) {},
                     [](store::Batch&, const model::Action&) {});
  }

  ~World() {
    executor.reset();
    actions.reset();
    store.reset();
    std::filesystem::remove_all(directory);
  }

  World(const World&) = delete;
  World& operator=(const World&) = delete;

  model::Action run(const std::string& verb,
                    model::Target target,
                    json::object parameters = {},
                    const std::string& reverses = "") {
    model::ActionRequest request{.tenant = "acme",
                                 .action = verb,
                                 .target = std::move(target),
                                 .confidence = 1,
                                 .requested_by = {.kind = "analyst", .id = "alice"},
                                 .parameters = std::move(parameters)};
    auto answer = gate->judge(request, clock.now(), "product");
    auto* permit = std::get_if<gate::Permit>(&answer);
    EXPECT_TRUE(permit) << gate::decision_of(answer).rationale;
    if (!permit) return {};
    model::Action action{.id = ActionId::parse(ids.next(clock.now())).value(),
                         .tenant = "acme",
                         .request = request,
                         .request_hash = model::request_hash(request),
                         .decision = gate::decision_of(answer),
                         .state = model::ActionState::permitted,
                         .connector = "product",
                         .created_at = clock.now(),
                         .updated_at = clock.now(),
                         .reverses = reverses};
    store::Batch batch;
    EXPECT_TRUE(actions->add(batch, action));
    EXPECT_TRUE(store->commit_and_wait(std::move(batch)));
    auto ran = wait(executor->run(std::move(action), std::move(*permit)));
    EXPECT_TRUE(ran) << ran.error().detail;
    return ran.value_or(model::Action{});
  }

  /// Undoes `action` the way the engine does: a new action through the gate.
  model::Action roll_back(const model::Action& action) {
    const auto request = executor->rollback_request(action, {.kind = "analyst", .id = "alice"});
    EXPECT_TRUE(request) << request.error().detail;
    if (!request) return {};
    return run(request->action, request->target, request->parameters, action.id.text());
  }

  [[nodiscard]] model::Action stored(const model::Action& action) const {
    return actions->get(action.id.text()).value();
  }

  std::filesystem::path directory = [] {
    std::string name = std::filesystem::temp_directory_path() / "sallyport-manifest-XXXXXX";
    return std::filesystem::path{::mkdtemp(name.data())};
  }();
  SystemClock clock;
  UlidSource ids{7};
  std::shared_ptr<act::Actuator> actuator;
  std::optional<gate::Gate> gate;
  std::unique_ptr<store::Store> store;
  std::optional<act::Actions> actions;
  std::optional<act::Executor> executor;
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
