#include "engine/app/recorded_decision.hpp"
#include "engine/audit/bundle.hpp"
#include "engine/gate/gate.hpp"
#include "engine/store/ledger.hpp"
#include "engine/store/store.hpp"
#include "tools/benchmarks/asked.hpp"
#include "tools/benchmarks/benchmarks.hpp"
#include "tools/benchmarks/measured.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace sallyport::benchmarks {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::string_view tenant = "acme";
constexpr std::chrono::days year{365};
constexpr std::size_t entries_at_once = 200;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>{Steady::now() - start}.count();
}

/// What was not measured must not look as if it were.
void must(const auto& result) {
  if (!result) throw std::runtime_error{result.error().detail};
}

/// The decisions of a year, evenly over its seconds, as the engine records them.
class Year {
 public:
  explicit Year(std::uint64_t entries) : entries_{entries} {}

  [[nodiscard]] Time begin() const { return begin_; }

  /// Returns when all are durable.
  void fill(store::Store& store) {
    std::atomic<bool> failed = false;
    for (std::uint64_t n = 0; n < entries_ && !failed;) {
      // As many as share an fsync under load; the store's thread works while the next are decided.
      while (store.waiting_bytes() > waiting_limit_bytes) std::this_thread::sleep_for(1ms);
      store::Batch batch;
      for (std::size_t i = 0; i < entries_at_once && n < entries_; ++i, ++n) decide(batch, n);
      store.commit(std::move(batch), [&failed](const Result<>& done) {
        if (!done) failed = true;
      });
    }
    must(store.commit_and_wait({}));
    if (failed) throw std::runtime_error{"the store did not take all entries"};
  }

 private:
  static constexpr std::size_t waiting_limit_bytes = 32ULL << 20U;

  void decide(store::Batch& batch, std::uint64_t n) {
    const auto span = std::chrono::duration_cast<std::chrono::microseconds>(year).count();
    const auto at =
        begin_ +
        std::chrono::microseconds{static_cast<std::int64_t>(
            static_cast<double>(n) / static_cast<double>(entries_) * static_cast<double>(span))};
    auto request = asked(n);
    const auto by = request.requested_by;
    auto decision = gate_.preview(request, at);
    auto hash = model::request_hash(request);
    const app::DecidedBody body{.investigation = by.id.substr(by.id.find(':') + 1),
                                .request = std::move(request),
                                .request_hash = std::move(hash),
                                .decision = std::move(decision),
                                .evidence = evidence_,
                                .connector = {},
                                .detail = "no connector runs this verb: recorded, not run"};
    batch.append(tenant, model::EntryKind::decided, body.investigation, by, at, to_json(body));
  }

  std::uint64_t entries_;
  Time begin_ = parse_rfc3339("2025-11-20T00:00:00Z").value();
  gate::Gate gate_{policy_for_asked()};
  const std::vector<std::string> evidence_{"E1 sha256:" + std::string(64, 'a')};
};

std::uint64_t bytes_in(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator{folder})
    if (file.is_regular_file()) bytes += file.file_size();
  return bytes;
}

/// A verb's decisions of a day, for days all over the year: the whole day, and a page of it.
void queries(bool json, const store::Store& store, const Year& of) {
  for (const auto& [verb, kind, per_mille] : asked_verbs) {
    for (const auto& [what, limit] : {std::pair{"day", 0U}, std::pair{"page", 100U}}) {
      std::vector<double> latencies;
      std::uint64_t found = 0;
      const auto begun = Steady::now();
      for (int day = 3; day < year.count(); day += 30) {
        const store::LedgerQuery query{.kinds = {model::EntryKind::decided},
                                       .verb = std::string{verb},
                                       .from = of.begin() + std::chrono::days{day},
                                       .to = of.begin() + std::chrono::days{day + 1},
                                       .limit = limit};
        const auto start = Steady::now();
        must(store::query_ledger(store, tenant, query, [&](std::uint64_t, std::string_view) {
          ++found;
          return true;
        }));
        latencies.push_back(seconds_since(start) * 1e6);
      }
      const auto asked_times = static_cast<double>(latencies.size());
      print(json,
            {.bench = "ledger",
             .name = fmt::format(
                 "query_{}_{}_of_{:.0f}", what, verb, static_cast<double>(found) / asked_times),
             .value = asked_times / seconds_since(begun),
             .unit = "1/s",
             .latencies_us = std::move(latencies)});
    }
  }
}

/// The auditor's bundle of a day, as `audit export` writes it.
void export_of_a_day(bool json,
                     const store::Store& store,
                     const Year& of,
                     const std::filesystem::path& folder) {
  const audit::Window day{.from = of.begin() + std::chrono::days{200},
                          .to = of.begin() + std::chrono::days{201}};
  const auto start = Steady::now();
  const auto history = audit::PolicyHistory::load(store);
  must(history);
  auto sink = audit::DirectorySink::make(folder);
  must(sink);
  const auto manifest =
      audit::write_bundle(store,
                          *history,
                          nullptr,
                          {.window = day, .tenants = {std::string{tenant}}, .made_at = day.to},
                          *sink);
  must(manifest);
  must(sink->close());
  print(json,
        {.bench = "ledger",
         .name = "export_day",
         .value = seconds_since(start) * 1000,
         .unit = "ms"});
}

/// Writes the lines of a chain, as `ledger export` does; its head.
store::LedgerHead export_chain(const store::Store& store, const std::filesystem::path& file) {
  std::ofstream out{file, std::ios::binary};
  must(store::read_ledger(store, tenant, 1, [&](std::uint64_t, std::string_view line) {
    out << line << '\n';
    return out.good();
  }));
  const auto head = store::ledger_head(store, tenant);
  must(head);
  out.flush();
  if (!out) throw std::runtime_error{"the export could not be written"};
  return *head;
}

void verification(bool json, const store::Store& store, const std::filesystem::path& file) {
  const auto rate = [](const store::LedgerReport& report, Steady::time_point start) {
    if (!report.holds) throw std::runtime_error{report.why};
    return static_cast<double>(report.entries) / seconds_since(start);
  };
  auto start = Steady::now();
  const auto report = store::verify_ledger(store, tenant);
  must(report);
  print(json,
        {.bench = "ledger", .name = "verify_store", .value = rate(*report, start), .unit = "1/s"});
  const auto head = export_chain(store, file);
  std::ifstream lines{file, std::ios::binary};
  start = Steady::now();
  const auto exported = store::verify_export(lines, &head);
  print(
      json,
      {.bench = "ledger", .name = "verify_export", .value = rate(exported, start), .unit = "1/s"});
}

}  // namespace

int ledger_bench(const Options& options) {
  const WorkingFolder folder{"ledger-bench"};
  try {
    Year of{options.entries};
    {
      const auto store = store::Store::open({.directory = folder.path() / "data"});
      must(store);
      const auto start = Steady::now();
      of.fill(**store);
      print(options.json,
            {.bench = "ledger",
             .name = "filled",
             .value = static_cast<double>(options.entries) / seconds_since(start),
             .unit = "1/s"});
    }
    print(options.json,
          {.bench = "ledger",
           .name = "bytes_on_disk_per_entry",
           .value =
               static_cast<double>(bytes_in(folder.path())) / static_cast<double>(options.entries),
           .unit = "bytes"});
    // As a command looks at it, beside a running engine.
    const auto store = store::Store::open({.directory = folder.path() / "data", .read_only = true});
    must(store);
    queries(options.json, **store, of);
    export_of_a_day(options.json, **store, of, folder.path() / "day");
    verification(options.json, **store, folder.path() / "export.jsonl");
  } catch (const std::runtime_error& failure) {
    fmt::print(stderr, "ledger: {}\n", failure.what());
    return 2;
  }
  return 0;
}

}  // namespace sallyport::benchmarks
