#pragma once

#include "engine/app/action_watch.hpp"
#include "engine/app/dispatcher.hpp"
#include "engine/app/loading.hpp"
#include "tests/integration/life/points.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sallyport::testing {

/// What is read from files once, before the first child is made.
struct Furniture {
  model::Catalogue catalogue = app::load_catalogue(SALLYPORT_SOURCE_DIR "/schemas").value();
  std::shared_ptr<const investigate::Rules> rules =
      app::load_rules(SALLYPORT_SOURCE_DIR "/config/reasoner.yaml", catalogue).value();
  ingest::Normalizer normalizer = app::load_normalizer(SALLYPORT_SOURCE_DIR "/schemas").value();

  /// Every verb runs by itself.
  [[nodiscard]] std::shared_ptr<const gate::Policy> policy() const {
    std::string overrides;
    for (const auto& [verb, about] : catalogue.verbs())
      overrides +=
          fmt::format(R"({}"{}":{{"force_auto":true}})", overrides.empty() ? "" : ",", verb);
    Faults faults;
    const auto document = parse_json(
        fmt::format(R"({{"tenants":{{"acme":{{"tier":"L4","overrides":{{{}}}}}}}}})", overrides));
    return gate::Policy::compile(document.value(), catalogue, {}, faults);
  }
};

/// The engine's rooms from the proposal to the product, on one thread, wired as Engine wires them.
class House {
 public:
  /// `pool` runs the product's calls.
  House(const std::filesystem::path& data,
        asio::thread_pool& pool,
        std::shared_ptr<act::Actuator> product,
        Furniture furniture)
      : pool_{pool},
        furniture_{std::move(furniture)},
        store_{store::Store::open({.directory = data, .listener = point_listener()}).value()},
        intake_{*store_, graph_, groups_, std::move(furniture_.normalizer), {}},
        executor_{actions_,
                  gate_,
                  clock_,
                  {std::make_shared<PointActuator>(std::move(product))},
                  {.verify = {.verify_for = std::chrono::milliseconds{200}}},
                  [this](auto& batch, const auto& action) { approvals_.ask(batch, action); },
                  [](store::Batch&, const model::Action&, act::Notice) {}} {}

  /// No call ends on a loop that is gone.
  ~House() { pool_.join(); }

  House(const House&) = delete;
  House& operator=(const House&) = delete;

  /// A person's own action, to its end.
  void act(model::ActionRequest request) {
    run([&]() -> asio::awaitable<void> {
      const auto action = co_await dispatcher_.propose(request);
      if (!action) throw std::runtime_error{action.error().detail};
    });
  }

  void roll_back(const model::Action& action) {
    run([&]() -> asio::awaitable<void> {
      const auto rollback =
          co_await dispatcher_.roll_back(action, {.kind = "analyst", .id = "alice"});
      if (!rollback) throw std::runtime_error{rollback.error().detail};
    });
  }

  /// What a start does with what the last run left.
  void resume() {
    run([&]() -> asio::awaitable<void> {
      const auto left = actions_.under_way();
      if (!left) throw std::runtime_error{left.error().detail};
      for (const auto& action : *left) {
        const auto resumed = co_await dispatcher_.resume(action);
        if (!resumed) throw std::runtime_error{resumed.error().detail};
      }
    });
  }

  /// The bell of timed actions.
  void end_what_is_due() {
    run([&]() -> asio::awaitable<void> {
      const auto ended = co_await watch_.release_due();
      if (!ended) throw std::runtime_error{ended.error().detail};
    });
  }

  /// The oldest first.
  [[nodiscard]] std::vector<model::Action> all() const {
    auto found = actions_.list({}).value();
    std::ranges::reverse(found);
    return found;
  }

  [[nodiscard]] store::Store& store() { return *store_; }

 private:
  /// Runs `work`, and the actions that it began.
  template <class Work>
  void run(Work work) {
    bool done = false;
    std::exception_ptr thrown;
    asio::co_spawn(loop_, std::move(work), [&](std::exception_ptr what) {
      thrown = std::move(what);
      done = true;
    });
    while (!done || dispatcher_.running() > 0) loop_.run_one();
    if (thrown) std::rethrow_exception(thrown);
  }

  asio::thread_pool& pool_;
  Furniture furniture_;
  PointClock clock_;
  UlidSource ids_;
  observe::Metrics metrics_;
  std::unique_ptr<store::Store> store_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_loop_{loop_.get_executor()};
  gate::Gate gate_{furniture_.policy()};
  graph::EntityGraph graph_{*store_};
  ingest::Groups groups_{std::make_shared<const ingest::GroupingRules>(),
                         [this](Time at) { return ids_.next(at); },
                         [](const model::Alert&) { return std::vector<std::string>{}; }};
  ingest::Intake intake_;
  investigate::Investigator investigator_{furniture_.rules, {}, &graph_, clock_, ids_};
  approve::Outbox outbox_{*store_, clock_, ids_, {}};
  act::Actions actions_{*store_, clock_, std::chrono::hours{1}};
  approve::Approvals approvals_{
      *store_, actions_, gate_, clock_, std::chrono::hours{4}, [](const model::Action&) {
        return Result<>{};
      }};
  act::Executor executor_;
  app::Rooms rooms_{.store = *store_,
                    .graph = graph_,
                    .intake = intake_,
                    .groups = groups_,
                    .investigator = investigator_,
                    .gate = gate_,
                    .actions = actions_,
                    .executor = executor_,
                    .approvals = approvals_,
                    .outbox = outbox_,
                    .clock = clock_,
                    .ids = ids_,
                    .metrics = metrics_,
                    .log = observe::Log::silent()};
  app::Dispatcher dispatcher_{
      rooms_,
      loop_.get_executor(),
      {.queued = [](const model::Action&) {}, .action = [](const model::Action&) {}}};
  app::ActionWatch watch_{rooms_, dispatcher_, 60};
};

}  // namespace sallyport::testing
