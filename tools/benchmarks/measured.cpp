#include "tools/benchmarks/measured.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

// jemalloc's; a build for a sanitizer has another allocator.
extern "C" __attribute__((weak)) int mallctl(const char* name,
                                             void* old_value,
                                             std::size_t* old_size,
                                             void* new_value,
                                             std::size_t new_size);

namespace sallyport::benchmarks {

double resident_megabytes() {
  std::ifstream file{"/proc/self/statm"};
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

Held held_memory() {
  Held held;
  if (&mallctl != nullptr) {
    (void)mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
    constexpr auto all_arenas = "arena.4096.purge";
    (void)mallctl(all_arenas, nullptr, nullptr, nullptr, 0);
    std::uint64_t epoch = 1;
    (void)mallctl("epoch", nullptr, nullptr, &epoch, sizeof(epoch));
    std::size_t bytes = 0;
    std::size_t size = sizeof(bytes);
    if (mallctl("stats.allocated", &bytes, &size, nullptr, 0) == 0) held.allocated_bytes = bytes;
  }
  held.resident_mb = resident_megabytes();
  return held;
}

double peak_megabytes() {
  std::ifstream status{"/proc/self/status"};
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return 0;
}

void print(bool json, Figure figure) {
  constexpr std::array quantiles{
      std::pair{"p50", 0.5}, std::pair{"p99", 0.99}, std::pair{"p999", 0.999}};
  const auto rss = figure.rss_mb.value_or(resident_megabytes());
  auto& latencies = figure.latencies_us;
  std::ranges::sort(latencies);
  std::string text;
  for (const auto& [name, share] : quantiles) {
    if (latencies.empty()) break;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1));
    text += json ? fmt::format(R"("{}_us":{:.3f},)", name, latencies[at])
                 : fmt::format("  {} {:.2f} us", name, latencies[at]);
  }
  if (json) {
    fmt::print(R"({{"bench":"{}","case":"{}","value":{:.0f},"unit":"{}",{}"rss_mb":{:.0f}}})"
               "\n",
               figure.bench,
               figure.name,
               figure.value,
               figure.unit,
               text,
               rss);
  } else {
    fmt::print("{:<28} {:>12.0f} {}{}  rss {:.0f} MiB\n",
               figure.name,
               figure.value,
               figure.unit,
               text,
               rss);
  }
  std::fflush(stdout);
}

WorkingFolder::WorkingFolder(std::string_view name) {
  auto pattern = (std::filesystem::current_path() / fmt::format("{}-XXXXXX", name)).string();
  if (!::mkdtemp(pattern.data())) throw std::runtime_error{"cannot make a directory in " + pattern};
  path_ = pattern;
}

WorkingFolder::~WorkingFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace sallyport::benchmarks
