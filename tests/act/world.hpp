#pragma once

#include "engine/act/executor.hpp"
#include "engine/act/reversal.hpp"
#include "engine/approve/approvals.hpp"
#include "engine/approve/changes.hpp"
#include "engine/base/ulid.hpp"
#include "tests/act/fake_product.hpp"
#include "tests/base/run.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::act::testing {

/// A clock that stands until it is moved.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override { return now_; }

  void move(std::chrono::microseconds by) { now_ += by; }

 private:
  Time now_ = parse_rfc3339("2026-11-20T10:00:00Z").value();
};

/// A real store, a real gate and a fake product, wired as the engine wires them.
struct World {
  static constexpr auto policy_text = [](std::string_view tier) {
    return parse_json(fmt::format(R"({{"tenants":{{"acme":{{"tier":"{}"}}}}}})", tier)).value();
  };

  static model::Catalogue catalogue() {
    Faults faults;
    return model::Catalogue::read(parse_json(R"({"verbs":{
          "block_ip":{"blast_radius":"MEDIUM","targets":["ip"],"reversed_by":"unblock_ip",
            "parameters":{"properties":{"duration_s":{"type":"integer","minimum":60},
                                        "host":{"type":"string"}}}},
          "unblock_ip":{"blast_radius":"MEDIUM","targets":["ip"],"reversed_by":"block_ip"}}})")
                                      .value(),
                                  faults);
  }

  static std::shared_ptr<const gate::Policy> policy(const json::value& document) {
    Faults faults;
    auto compiled = gate::Policy::compile(document, catalogue(), {}, faults);
    EXPECT_TRUE(compiled) << summary(faults);
    return compiled;
  }

  World() { open(); }

  ~World() {
    close();
    std::filesystem::remove_all(directory);
  }

  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void open() {
    store = store::Store::open({.directory = directory}).value();
    actions = std::make_unique<Actions>(*store, clock, std::chrono::hours{1});
    approvals = std::make_unique<approve::Approvals>(
        *store,
        *actions,
        gate,
        clock,
        std::chrono::hours{4},
        [this](const model::Action& changed) -> Result<> {
          const auto known = catalogue();
          const auto faults = approve::check_parameters(*known.find(changed.request.action),
                                                        changed.request.parameters);
          if (!faults.empty()) return fail(Errc::invalid_input, summary(faults));
          return executor->check(changed);
        });
    executor = std::make_unique<Executor>(
        *actions,
        gate,
        clock,
        std::vector<std::shared_ptr<Actuator>>{product},
        options,
        [this](store::Batch& batch, const model::Action& action) { approvals->ask(batch, action); },
        [this](store::Batch&, const model::Action& action, Notice notice) {
          if (notice == Notice::fired) fired.push_back(action.decision.rule.value_or(""));
          if (notice != Notice::fired) told.emplace_back(notice, action.id.text());
        },
        [this](const Product& turned) { turns.push_back(turned.health().breaker); });
  }

  void close() {
    executor.reset();
    approvals.reset();
    actions.reset();
    store.reset();
  }

  /// As after a crash: the records are read again, nothing else is kept.
  void restart() {
    close();
    open();
  }

  /// Asks the gate and writes the action down, as the engine's pipeline does.
  std::pair<model::Action, std::optional<gate::Permit>> propose(
      const std::string& address,
      const std::string& verb = "block_ip",
      model::Actor by = {.kind = "agent", .id = "investigation:1"},
      const std::string& reverses = "",
      json::object parameters = {}) {
    model::ActionRequest request{.tenant = "acme",
                                 .action = verb,
                                 .target = {.kind = "ip", .value = address},
                                 .confidence = 0.9,
                                 .requested_by = std::move(by),
                                 .parameters = std::move(parameters)};
    auto answer = gate.judge(request, clock.now(), "fake");
    model::Action action{.id = ActionId::parse(ids.next(clock.now())).value(),
                         .tenant = "acme",
                         .request = request,
                         .request_hash = model::request_hash(request),
                         .decision = gate::decision_of(answer),
                         .connector = "fake",
                         .created_at = clock.now(),
                         .updated_at = clock.now(),
                         .reverses = reverses};
    auto* permit = std::get_if<gate::Permit>(&answer);
    action.state = permit ? model::ActionState::permitted : model::ActionState::queued;
    store::Batch batch;
    EXPECT_TRUE(actions->add(batch, action));
    if (!permit) approvals->ask(batch, action);
    EXPECT_TRUE(store->commit_and_wait(std::move(batch)));
    return {action, permit ? std::optional{std::move(*permit)} : std::nullopt};
  }

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

  model::Action run(std::pair<model::Action, std::optional<gate::Permit>> proposed) {
    EXPECT_TRUE(proposed.second.has_value());
    auto ran = wait(executor->run(std::move(proposed.first), *std::move(proposed.second)));
    EXPECT_TRUE(ran) << ran.error().detail;
    return ran.value_or(model::Action{});
  }

  /// Undoes `action` the way the engine does: a new action through the gate.
  model::Action roll_back(const model::Action& action) {
    auto request = rollback_request(action, {.kind = "analyst", .id = "alice"});
    EXPECT_TRUE(request) << request.error().detail;
    return run(
        propose(request->target.value, request->action, request->requested_by, action.id.text()));
  }

  [[nodiscard]] model::Action stored(const model::Action& action) const {
    return actions->get(action.id.text()).value();
  }

  std::filesystem::path directory = [] {
    std::string name = std::filesystem::temp_directory_path() / "sallyport-act-XXXXXX";
    return std::filesystem::path{::mkdtemp(name.data())};
  }();
  ManualClock clock;
  UlidSource ids{7};
  gate::Gate gate{policy(policy_text("L3"))};
  std::shared_ptr<FakeProduct> product = std::make_shared<FakeProduct>();
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Actions> actions;
  std::unique_ptr<approve::Approvals> approvals;
  std::unique_ptr<Executor> executor;
  /// For the next open().
  ExecutorOptions options{.product = {.request_timeout = std::chrono::seconds{5},
                                      .wait_for = std::chrono::milliseconds{1}},
                          .verify = {.verify_for = std::chrono::milliseconds{1}}};
  std::vector<std::pair<Notice, std::string>> told;
  std::vector<BreakerState> turns;  ///< Of the breaker.
  std::vector<std::string> fired;   ///< Rules that let an action run which its record did not name.
};

}  // namespace sallyport::act::testing
