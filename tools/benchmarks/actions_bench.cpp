#include "engine/act/executor.hpp"
#include "engine/approve/approvals.hpp"
#include "engine/base/ulid.hpp"
#include "engine/gate/gate.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/store/ledger.hpp"
#include "tools/benchmarks/benchmarks.hpp"
#include "tools/benchmarks/measured.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sallyport::benchmarks {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

/// So many actions are on their way side by side.
constexpr int side_by_side = 256;

/// Latencies are kept of so many, spread over the run: what is measured must not grow with it.
constexpr std::uint64_t samples = 100'000;

/// Where it is looked how much memory is resident, besides the end.
constexpr std::array<std::uint64_t, 4> looked_at_percent{10, 25, 50, 75};

constexpr std::uint64_t addresses = 1U << 24U;

/// A firewall in this process: it blocks at once, and its state is a bit per address.
class LocalFirewall final : public act::Actuator {
 public:
  [[nodiscard]] std::string_view name() const override { return "local"; }

  [[nodiscard]] const std::vector<std::string>& verbs() const override {
    static const std::vector<std::string> both{"block_ip", "unblock_ip"};
    return both;
  }

  [[nodiscard]] Result<> check(const act::Operation&) const override { return {}; }

  [[nodiscard]] Result<std::vector<act::Planned>> preview(const act::Operation&) const override {
    return {};
  }

  Task<act::Reading> read(act::Operation operation, Deadline) override {
    const bool blocked = blocked_[number_of(operation.target.value)];
    co_return act::Reading{.in_effect = blocked == (operation.verb == "block_ip"),
                           .state = {{"blocked", blocked}},
                           .detail = blocked ? "is blocked" : "is not blocked"};
  }

  Task<model::Outcome> execute(act::Operation operation, Deadline) override {
    blocked_[number_of(operation.target.value)] = operation.verb == "block_ip";
    ++executed_;
    co_return model::Outcome{.status = model::OutcomeStatus::succeeded,
                             .detail = "done",
                             .product = {{"rule", operation.idempotency_key}}};
  }

  [[nodiscard]] act::Inverse inverse(const act::Operation& operation,
                                     const act::Reading& before) const override {
    if (before.in_effect == true) return {.operation = {}, .why = "was blocked before"};
    return {.operation = {.verb = operation.verb == "block_ip" ? "unblock_ip" : "block_ip",
                          .target = operation.target},
            .why = {}};
  }

  [[nodiscard]] std::uint64_t executed() const { return executed_; }

  /// `10.a.b.c`.
  static std::string address(std::uint64_t n) {
    return fmt::format("10.{}.{}.{}", n >> 16U & 255U, n >> 8U & 255U, n & 255U);
  }

 private:
  static std::size_t number_of(const std::string& address) {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    if (std::sscanf(address.c_str(), "10.%u.%u.%u", &a, &b, &c) != 3) return 0;
    return (a << 16U | b << 8U | c) % addresses;
  }

  std::vector<bool> blocked_ = std::vector<bool>(addresses);
  std::uint64_t executed_ = 0;
};

std::shared_ptr<const gate::Policy> policy() {
  Faults faults;
  const auto catalogue = model::Catalogue::read(parse_json(R"({"verbs":{
        "block_ip":{"blast_radius":"MEDIUM","targets":["ip"],"reversed_by":"unblock_ip"},
        "unblock_ip":{"blast_radius":"MEDIUM","targets":["ip"],"reversed_by":"block_ip"}}})")
                                                    .value(),
                                                faults);
  auto compiled = gate::Policy::compile(
      parse_json(R"({"tenants":{"acme":{"tier":"L3"}}})").value(), catalogue, {}, faults);
  if (!compiled) throw std::logic_error{summary(faults)};
  return compiled;
}

/// From the proposal to the state read back, as the engine's rooms are wired: workers propose, one
/// loop executes, the store's own thread writes.
class Run {
 public:
  Run(store::Store& store, std::uint64_t actions) : store_{store}, wanted_{actions} {
    latencies_us_.reserve(samples + 1);
  }

  /// False: something failed.
  [[nodiscard]] bool run() {
    std::thread thread{[this] { loop_.run(); }};
    asio::thread_pool workers{1};
    begun_ = Steady::now();
    for (int i = 0; i < side_by_side; ++i) {
      asio::co_spawn(workers, act_until_the_end(), [this](const std::exception_ptr& thrown) {
        if (thrown) fail_with("a fault of the program");
      });
    }
    workers.join();
    took_ = Steady::now() - begun_;
    keep_loop_.reset();
    thread.join();
    if (failure_.empty() && product_->executed() != wanted_)
      failure_ = fmt::format("{} of {} were executed", product_->executed(), wanted_);
    return failure_.empty();
  }

  [[nodiscard]] double per_second() const {
    return static_cast<double>(wanted_) / std::chrono::duration<double>{took_}.count();
  }

  [[nodiscard]] std::vector<double> take_latencies() { return std::move(latencies_us_); }

  [[nodiscard]] const std::string& failure() const { return failure_; }

  struct Memory {
    std::uint64_t percent;  ///< Of the actions begun.
    double resident_mb;
  };

  /// As it was on the way.
  [[nodiscard]] const std::vector<Memory>& memory() const { return memory_; }

 private:
  void fail_with(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);
  }

  asio::awaitable<void> act_until_the_end() {
    for (auto n = next_++; n < wanted_ && failure_.empty(); n = next_++) {
      const auto start = Steady::now();
      auto proposed = propose(n);
      const auto committed = co_await store_.commit(std::move(proposed.batch));
      if (!committed) co_return fail_with(committed.error().detail);
      const auto ran = co_await asio::co_spawn(
          loop_,
          executor_.run(std::move(proposed.action), std::move(*proposed.permit)),
          asio::use_awaitable);
      if (!ran) co_return fail_with(ran.error().detail);
      if (ran->state != model::ActionState::verified)
        co_return fail_with(fmt::format("{}: {}", name_of(ran->state), ran->detail));
      const auto took = std::chrono::duration<double, std::micro>{Steady::now() - start};
      if (n % std::max<std::uint64_t>(wanted_ / samples, 1) == 0)
        latencies_us_.push_back(took.count());
      for (const auto percent : looked_at_percent)
        if (n == wanted_ * percent / 100) memory_.push_back({percent, resident_megabytes()});
    }
  }

  struct Proposed {
    model::Action action;
    store::Batch batch;
    std::optional<gate::Permit> permit;
  };

  /// As the pipeline does.
  Proposed propose(std::uint64_t n) {
    const auto now = clock_.now();
    model::ActionRequest request{
        .tenant = "acme",
        .action = "block_ip",
        .target = {.kind = "ip", .value = LocalFirewall::address(n % addresses)},
        .confidence = 0.97,
        .requested_by = {.kind = "agent", .id = "investigation:01J0000000000000000000000"},
        .context = {{"intel", json::object{{"confidence", 0.98}}}}};
    if (actions_.find_alike(request)) fail_with("one like it is open");
    auto answer = gate_.judge(request, now, "local");
    Proposed proposed{.action = {.id = ActionId::parse(ids_.next(now)).value(),
                                 .tenant = "acme",
                                 .investigation = "01J0000000000000000000000",
                                 .request = request,
                                 .request_hash = model::request_hash(request),
                                 .decision = gate::decision_of(answer),
                                 .state = model::ActionState::permitted,
                                 .connector = "local",
                                 .created_at = now,
                                 .updated_at = now,
                                 .evidence = {"E1 sha256:0f343b0931126a20f133d67c2b018a3b"}}};
    if (auto* permit = std::get_if<gate::Permit>(&answer)) proposed.permit = std::move(*permit);
    if (!proposed.permit || !actions_.add(proposed.batch, proposed.action))
      fail_with("not permitted, or there is one like it");
    return proposed;
  }

  store::Store& store_;
  std::uint64_t wanted_;
  SystemClock clock_;
  UlidSource ids_;
  gate::Gate gate_{policy()};
  act::Actions actions_{store_, clock_, 1h};
  approve::Approvals approvals_{
      store_, actions_, gate_, clock_, 4h, [](const model::Action&) { return Result<>{}; }};
  std::shared_ptr<LocalFirewall> product_ = std::make_shared<LocalFirewall>();
  act::Executor executor_{
      actions_,
      gate_,
      clock_,
      {product_},
      {},
      [this](store::Batch& batch, const model::Action& action) { approvals_.ask(batch, action); },
      [](store::Batch&, const model::Action&, act::Notice) {}};
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_loop_{loop_.get_executor()};
  std::uint64_t next_ = 0;
  std::string failure_;
  std::vector<double> latencies_us_;
  std::vector<Memory> memory_;
  Steady::time_point begun_;
  Steady::duration took_{};
};

}  // namespace

int actions_bench(const Options& options) {
  const WorkingFolder folder{"actions"};
  auto store = store::Store::open({.directory = folder.path()});
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().detail);
    return 1;
  }
  Run run{**store, options.actions};
  if (!run.run()) {
    fmt::print(stderr, "{}\n", run.failure());
    return 1;
  }
  print(options.json,
        {.bench = "actions",
         .name = "proposed_to_verified",
         .value = run.per_second(),
         .unit = "1/s",
         .latencies_us = run.take_latencies()});
  const auto counters = (*store)->counters();
  const auto per_action = [&](std::uint64_t n) {
    return static_cast<double>(n) / static_cast<double>(options.actions);
  };
  print(options.json,
        {.bench = "actions",
         .name = "bytes_written",
         .value = per_action(counters.bytes_written),
         .unit = "bytes/action"});
  auto memory = run.memory();
  memory.push_back({100, resident_megabytes()});
  for (const auto& [percent, resident] : memory) {
    print(options.json,
          {.bench = "actions",
           .name = fmt::format("memory_at_{}_percent", percent),
           .value = resident,
           .unit = "MiB",
           .rss_mb = resident});
  }
  const auto verified = store::verify_ledger(**store, "acme");
  if (!verified || !verified->holds) {
    fmt::print(stderr, "the ledger does not hold\n");
    return 1;
  }
  return 0;
}

}  // namespace sallyport::benchmarks
