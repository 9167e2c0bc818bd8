#pragma once

#include <cstdint>

/// One function per benchmark of `tools/bench`: measures, prints a line per case (`json`: as
/// INTERFACES says), returns the exit status.
namespace sallyport::benchmarks {

struct Options {
  bool json = false;
  std::uint64_t entries = 10'000'000;  ///< How many decisions a ledger of a year has.
  std::uint64_t in_flight = 20'000;    ///< How many investigations wait for a model at a time.
  std::uint64_t actions = 100'000;     ///< How many actions are run.
  std::uint64_t each = 1'000;          ///< How many investigations ask each bad model server.
  std::uint64_t alerts = 150'000;      ///< How many alerts wait in the topic.
};

int actions_bench(const Options& options);
int concurrency_bench(const Options& options);
int deadlines_bench(const Options& options);
int gate_bench(const Options& options);
int ledger_bench(const Options& options);
int pipeline_bench(const Options& options);
int store_bench(const Options& options);

}  // namespace sallyport::benchmarks
