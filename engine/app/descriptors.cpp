#include "engine/app/descriptors.hpp"

#include "connectors/models/provider.hpp"

#include <sys/resource.h>

#include <set>
#include <string>

namespace sallyport::app {

namespace {

/// The store's files, listeners, Kafka, connectors.
constexpr std::uint64_t others = 1'024;

}  // namespace

std::uint64_t descriptors_wanted(const config::Settings& settings) {
  const auto& models = settings.models;
  std::set<std::string> used{models.use.begin(), models.use.end()};
  used.insert(models.reader.begin(), models.reader.end());
  std::uint64_t wanted = others + settings.http.max_connections;
  for (const auto& name : used) {
    const auto entry = models.providers.find(name);
    if (entry == models.providers.end()) continue;
    const auto* own = entry->second.if_contains("connections");
    boost::system::error_code not_a_number;
    const auto connections = own ? own->to_number<std::uint32_t>(not_a_number) : 0;
    wanted +=
        own && !not_a_number ? connections : connectors::models::ProviderSettings{}.connections;
  }
  return wanted;
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const auto before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

}  // namespace sallyport::app
