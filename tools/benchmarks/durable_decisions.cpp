#include "tools/benchmarks/durable_decisions.hpp"

#include "engine/act/actions.hpp"
#include "engine/app/recorded_decision.hpp"
#include "engine/approve/approvals.hpp"
#include "engine/base/ulid.hpp"
#include "engine/gate/gate.hpp"
#include "engine/store/ledger.hpp"
#include "engine/store/store.hpp"
#include "tools/benchmarks/asked.hpp"
#include "tools/benchmarks/measured.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::benchmarks {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

/// So many ask side by side, each again when its decision is durable. They share the commits, so
/// that more of them decide more a second and each waits longer.
constexpr int askers = 112;

enum class Kept : bool { entry, action };

/// One thread asks, as the engine's workers do; the store's own thread writes.
class Load {
 public:
  Load(store::Store& store, Kept kept, Steady::duration time)
      : store_{store}, kept_{kept}, begun_{Steady::now()}, end_{begun_ + time} {}

  /// False: something failed.
  [[nodiscard]] bool run() {
    asio::thread_pool workers{1};
    for (int i = 0; i < askers; ++i)
      asio::co_spawn(workers, ask_until_the_end(), [](std::exception_ptr) {});
    workers.join();
    took_ = Steady::now() - begun_;
    return failure_.empty();
  }

  [[nodiscard]] double per_second() const {
    return static_cast<double>(latencies_us_.size()) / std::chrono::duration<double>{took_}.count();
  }

  [[nodiscard]] std::vector<double> take_latencies() { return std::move(latencies_us_); }

  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  asio::awaitable<void> ask_until_the_end() {
    for (auto start = Steady::now(); start < end_ && failure_.empty();) {
      store::Batch batch;
      if (kept_ == Kept::entry) {
        decide_entry(batch, asked(next_++));
      } else {
        decide_action(batch, asked(next_++));
      }
      const auto committed = co_await store_.commit(std::move(batch));
      if (!committed) failure_ = committed.error().detail;
      const auto now = Steady::now();
      latencies_us_.push_back(std::chrono::duration<double, std::micro>{now - start}.count());
      start = now;
    }
  }

  /// As the engine records what no connector runs.
  void decide_entry(store::Batch& batch, model::ActionRequest request) {
    const auto now = clock_.now();
    auto answer = gate_.judge(request, now);
    const auto by = request.requested_by;
    const app::DecidedBody body{.investigation = by.id.substr(by.id.find(':') + 1),
                                .request = std::move(request),
                                .request_hash = hash_of(answer),
                                .decision = gate::decision_of(answer),
                                .evidence = evidence_,
                                .connector = {},
                                .detail = {}};
    batch.append("acme", model::EntryKind::decided, body.investigation, by, now, to_json(body));
  }

  /// As the engine takes up what a connector runs.
  void decide_action(store::Batch& batch, model::ActionRequest request) {
    const auto now = clock_.now();
    auto answer = gate_.judge(request, now, "edr");
    const auto state = std::holds_alternative<gate::Permit>(answer) ? model::ActionState::permitted
                       : std::holds_alternative<gate::Queued>(answer) ? model::ActionState::queued
                                                                      : model::ActionState::blocked;
    const model::Action action{.id = ActionId::parse(ids_.next(now)).value(),
                               .tenant = "acme",
                               .investigation = request.requested_by.id,
                               .request = std::move(request),
                               .request_hash = hash_of(answer),
                               .decision = gate::decision_of(answer),
                               .state = state,
                               .connector = "edr",
                               .created_at = now,
                               .updated_at = now,
                               .evidence = evidence_};
    if (!actions_.add(batch, action)) return;  // like one of this second: it joins that
    if (state == model::ActionState::queued) approvals_.ask(batch, action);
  }

  static std::string hash_of(const gate::Answer& answer) {
    if (const auto* permit = std::get_if<gate::Permit>(&answer)) return permit->request_hash();
    if (const auto* queued = std::get_if<gate::Queued>(&answer)) return queued->request_hash;
    return std::get<gate::Blocked>(answer).request_hash;
  }

  store::Store& store_;
  Kept kept_;
  SystemClock clock_;
  UlidSource ids_;
  gate::Gate gate_{policy_for_asked()};
  act::Actions actions_{store_, clock_, 0s};
  approve::Approvals approvals_{
      store_, actions_, gate_, clock_, 4h, [](const model::Action&) { return Result<>{}; }};
  const std::vector<std::string> evidence_{"E1 sha256:" + std::string(64, 'a'),
                                           "E2 sha256:" + std::string(64, 'b')};
  std::uint64_t next_ = 0;
  Steady::time_point begun_;
  Steady::time_point end_;
  Steady::duration took_{};
  std::vector<double> latencies_us_;
  std::string failure_;
};

}  // namespace

bool durable_decisions(bool json) {
  const WorkingFolder folder{"gate-bench"};
  for (const auto& [name, kept] : {std::pair{"decided_and_durable", Kept::entry},
                                   std::pair{"decided_and_durable_action", Kept::action}}) {
    const auto store = store::Store::open({.directory = folder.path() / name});
    if (!store) {
      fmt::print(stderr, "gate_bench: {}\n", store.error().detail);
      return false;
    }
    Load load{**store, kept, 5s};
    const bool good = load.run();
    print(json,
          {.bench = "gate",
           .name = name,
           .value = load.per_second(),
           .unit = "1/s",
           .latencies_us = load.take_latencies()});
    const auto report = good ? store::verify_ledger(**store, "acme") : store::LedgerReport{};
    if (!report || !report->holds) {
      fmt::print(stderr, "gate_bench: {}\n", good ? "the ledger does not hold" : load.failure());
      return false;
    }
  }
  return true;
}

}  // namespace sallyport::benchmarks
