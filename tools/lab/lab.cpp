#include "tools/lab/lab.hpp"

#include <unistd.h>

#include <utility>

namespace sallyport::lab {

Result<Lab> Lab::start(Options options) {
  if (geteuid() != 0)
    return fail(Errc::unavailable, "the lab needs root: it makes network namespaces");
  Lab lab;
  auto janitor = Janitor::start();
  if (!janitor) return std::unexpected{janitor.error()};
  lab.janitor_ = *std::move(janitor);
  auto folder = lab.janitor_.make_folder();
  if (!folder) return std::unexpected{folder.error()};
  lab.folder_ = *std::move(folder);
  if (options.networks || options.workstation) {
    auto networks = make_networks(lab.janitor_);
    if (!networks) return std::unexpected{networks.error()};
    lab.networks_ = *std::move(networks);
  }
  if (options.directory) {
    auto directory = Directory::start(lab.folder_ / "directory");
    if (!directory) return std::unexpected{directory.error()};
    lab.directory_ = *std::move(directory);
  }
  if (options.workstation) {
    auto workstation = Workstation::start(*lab.networks_, lab.folder_ / "workstation");
    if (!workstation) return std::unexpected{workstation.error()};
    lab.workstation_ = *std::move(workstation);
  }
  return lab;
}

connectors::nftables::Config Lab::firewall() const {
  connectors::nftables::Config config;
  config.network_namespace = networks().gateway;
  return config;
}

}  // namespace sallyport::lab
