#include "tools/benchmarks/benchmarks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <vector>

namespace {

using namespace sallyport::benchmarks;

struct Benchmark {
  std::string_view name;
  int (*run)(const Options& options);
  std::string_view measures;
};

constexpr std::array benchmarks{
    Benchmark{
        "actions",
        actions_bench,
        "actions per second from proposal to the state read back, through a connector in this "
        "process; --actions N, default 100000"},
    Benchmark{
        "concurrency",
        concurrency_bench,
        "investigations that wait at a time for a model that takes 8 s: what the engine adds, "
        "and its memory; --in-flight N, default 20000, or what descriptors allow"},
    Benchmark{
        "deadlines",
        deadlines_bench,
        "how long after its deadline of 30 s the last of 1000 investigations has its verdict, "
        "against each of the model servers that do something wrong; --each N, default 1000"},
    Benchmark{"gate",
              gate_bench,
              "decisions per second, by what decides; decided and durable in the ledger"},
    Benchmark{"store", store_bench, "durable commits and ledger entries per second; verification"},
    Benchmark{"ledger",
              ledger_bench,
              "a year of decisions: queries, export of a day, verification; --entries N, default "
              "10000000"},
    Benchmark{
        "pipeline",
        pipeline_bench,
        "alerts per second from a real Kafka to the durable verdict; --alerts N, default 150000"},
};

int usage(std::FILE* to) {
  fmt::print(
      to,
      "usage: tools/bench NAME [--json] [--entries N] [--in-flight N] [--actions N] [--each N] "
      "[--alerts N]\n");
  for (const auto& [name, run, measures] : benchmarks)
    fmt::print(to, "  {:10} {}\n", name, measures);
  return to == stderr ? 2 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments{argv + 1, argv + argc};
  if (std::ranges::find(arguments, "--help") != arguments.end()) return usage(stdout);
  if (arguments.empty()) return usage(stderr);
  const auto found = std::ranges::find(benchmarks, arguments.front(), &Benchmark::name);
  if (found == benchmarks.end()) return usage(stderr);
  Options options;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i] == "--json") {
      options.json = true;
      continue;
    }
    auto* option = arguments[i] == "--entries"     ? &options.entries
                   : arguments[i] == "--in-flight" ? &options.in_flight
                   : arguments[i] == "--actions"   ? &options.actions
                   : arguments[i] == "--each"      ? &options.each
                   : arguments[i] == "--alerts"    ? &options.alerts
                                                   : nullptr;
    if (!option || ++i == arguments.size()) return usage(stderr);
    const auto text = arguments[i];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *option);
    if (error != std::errc{} || end != text.data() + text.size() || *option == 0)
      return usage(stderr);
  }
  return found->run(options);
}
