#include "tools/benchmarks/benchmarks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <vector>

namespace {

using namespace sallyport::benchmarks;

struct Benchmark {
  std::string_view name;
  int (*run)(bool json);
  std::string_view measures;
};

constexpr std::array benchmarks{
    Benchmark{"gate", gate_bench, "decisions per second, by what decides"},
    Benchmark{"store", store_bench, "durable commits and ledger entries per second; verification"},
    Benchmark{
        "pipeline", pipeline_bench, "alerts per second from a real Kafka to the durable verdict"},
};

int usage(std::FILE* to) {
  fmt::print(to, "usage: tools/bench NAME [--json]\n");
  for (const auto& [name, run, measures] : benchmarks)
    fmt::print(to, "  {:10} {}\n", name, measures);
  return to == stderr ? 2 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments{argv + 1, argv + argc};
  const bool json = std::ranges::find(arguments, "--json") != arguments.end();
  if (std::ranges::find(arguments, "--help") != arguments.end()) return usage(stdout);
  if (arguments.empty()) return usage(stderr);
  const auto found = std::ranges::find(benchmarks, arguments.front(), &Benchmark::name);
  return found == benchmarks.end() ? usage(stderr) : found->run(json);
}
