#include "engine/store/ledger.hpp"
#include "engine/store/store.hpp"
#include "tools/benchmarks/benchmarks.hpp"
#include "tools/benchmarks/measured.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace sallyport::benchmarks {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Micros = std::chrono::duration<double, std::micro>;

constexpr std::string_view owner = "acme";

/// What one alert of about 1 kB leaves behind.
store::Batch batch_of(std::uint64_t n) {
  constexpr std::array kinds{model::EntryKind::received,
                             model::EntryKind::verdict,
                             model::EntryKind::decided,
                             model::EntryKind::intended,
                             model::EntryKind::executed,
                             model::EntryKind::verified};
  static const std::string text(150, 'x');
  static const std::string alert(1000, 'a');
  static const model::Actor actor{.kind = "engine",
                                  .id = "investigation:01JF0000000000000000000000"};
  const auto at = Time{std::chrono::microseconds{1'800'000'000'000'000 + 200 * n}};
  const auto subject = fmt::format("01JF{:022}", n);
  store::Batch batch;
  batch.put(store::Table::alerts, store::key({owner, "bench", subject}), alert);
  batch.put(store::Table::investigations, subject, alert);
  batch.erase(store::Table::open, subject);
  for (const auto kind : kinds)
    batch.append(
        owner, kind, subject, actor, at, fmt::format(R"({{"n":{},"text":"{}"}})", n, text));
  return batch;
}

struct Load {
  store::Store& store;
  Clock::time_point end;
  std::atomic<std::uint64_t>& next;
  std::mutex mutex;
  std::vector<double> latencies_us;
};

asio::awaitable<void> commit_until_the_end(Load& load) {
  std::vector<double> latencies;
  for (auto now = Clock::now(); now < load.end;) {
    const auto start = now;
    const auto outcome = co_await load.store.commit(batch_of(load.next++));
    if (!outcome) {
      fmt::print(stderr, "store: {}\n", outcome.error().detail);
      std::exit(1);
    }
    now = Clock::now();
    latencies.push_back(Micros{now - start}.count());
  }
  const std::scoped_lock lock{load.mutex};
  load.latencies_us.insert(load.latencies_us.end(), latencies.begin(), latencies.end());
}

void commits(bool as_json,
             store::Store& store,
             int committers,
             std::chrono::seconds duration,
             std::atomic<std::uint64_t>& next) {
  const auto before = store.counters();
  const auto start = Clock::now();
  Load load{.store = store, .end = start + duration, .next = next, .mutex = {}, .latencies_us = {}};
  asio::thread_pool workers{2};
  for (int i = 0; i < committers; ++i)
    asio::co_spawn(workers, commit_until_the_end(load), [](std::exception_ptr) {});
  workers.join();
  const auto seconds = std::chrono::duration<double>{Clock::now() - start}.count();
  const auto after = store.counters();
  const auto per_second = [seconds](std::uint64_t n) { return static_cast<double>(n) / seconds; };
  const auto name = fmt::format("commit_{}", committers);
  print(as_json,
        {.bench = "store",
         .name = name,
         .value = per_second(after.batches - before.batches),
         .unit = "commits/s",
         .latencies_us = std::move(load.latencies_us)});
  print(as_json,
        {.bench = "store",
         .name = name + "_entries",
         .value = per_second(after.ledger_entries - before.ledger_entries),
         .unit = "entries/s"});
  print(as_json,
        {.bench = "store",
         .name = name + "_syncs",
         .value = per_second(after.syncs - before.syncs),
         .unit = "fsync/s"});
}

void verification(bool as_json, const store::Store& store) {
  const auto rate = [](std::uint64_t entries, Clock::time_point start) {
    return static_cast<double>(entries) /
           std::chrono::duration<double>{Clock::now() - start}.count();
  };
  auto start = Clock::now();
  const auto report = store::verify_ledger(store, owner);
  if (!report || !report->holds) {
    fmt::print(stderr, "store: {}\n", report ? report->why : report.error().detail);
    std::exit(1);
  }
  print(as_json,
        {.bench = "store",
         .name = "ledger_verify",
         .value = rate(report->entries, start),
         .unit = "entries/s"});
  std::string text;
  const auto read =
      store::read_ledger(store, owner, 1, [&](std::uint64_t seq, std::string_view line) {
        text += line;
        text += '\n';
        return seq < 200'000;
      });
  std::istringstream lines{std::move(text)};
  start = Clock::now();
  const auto exported = store::verify_export(lines, nullptr);
  if (!read || !exported.holds) std::exit(1);
  print(as_json,
        {.bench = "store",
         .name = "ledger_verify_export",
         .value = rate(exported.entries, start),
         .unit = "entries/s"});
}

void queries(bool as_json, const store::Store& store, std::uint64_t commits) {
  std::vector<double> latencies;
  const auto whole = Clock::now();
  constexpr int asked = 200;
  for (int i = 0; i < asked; ++i) {
    const auto n = commits * static_cast<std::uint64_t>(i) / asked;
    const auto start = Clock::now();
    std::size_t found = 0;
    const store::LedgerQuery query{
        .kinds = {model::EntryKind::decided},
        .from = Time{std::chrono::microseconds{1'800'000'000'000'000 + 200 * n}},
        .limit = 100};
    const auto done =
        store::query_ledger(store, owner, query, [&](std::uint64_t, std::string_view) {
          ++found;
          return true;
        });
    if (!done) std::exit(1);
    latencies.push_back(Micros{Clock::now() - start}.count());
  }
  print(as_json,
        {.bench = "store",
         .name = "query_kind_window_100",
         .value = asked / std::chrono::duration<double>{Clock::now() - whole}.count(),
         .unit = "queries/s",
         .latencies_us = std::move(latencies)});
}

}  // namespace

int store_bench(const Options& options) {
  const WorkingFolder folder{"store-bench"};
  const auto store = store::Store::open({.directory = folder.path()});
  if (!store) {
    fmt::print(stderr, "store: {}\n", store.error().detail);
    return 2;
  }
  std::atomic<std::uint64_t> next = 0;
  for (const int committers : {1, 16, 256}) commits(options.json, **store, committers, 5s, next);
  verification(options.json, **store);
  queries(options.json, **store, next);
  return 0;
}

}  // namespace sallyport::benchmarks
