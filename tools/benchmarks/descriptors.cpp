#include "tools/benchmarks/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace sallyport::benchmarks {

namespace {

/// The store's files, listeners, and both ends of the connections over which alerts are sent.
constexpr std::uint64_t others = 384;

}  // namespace

std::uint64_t allow_connections(std::uint64_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  auto raised = limit;
  raised.rlim_cur = std::max<rlim_t>(limit.rlim_cur, wanted + others);
  raised.rlim_max = std::max<rlim_t>(limit.rlim_max, wanted + others);
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return wanted;
  raised.rlim_cur = raised.rlim_max = limit.rlim_max;  // more takes a right that we do not have
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0 || limit.rlim_max <= others) return 0;
  return std::min<std::uint64_t>(wanted, limit.rlim_max - others);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace sallyport::benchmarks
