#pragma once

#include "connectors/manifest/connector.hpp"
#include "tools/conformance/products.hpp"
#include "tools/conformance/workbench.hpp"
#include "tools/lab/vendors/vendor_server.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::conformance {

namespace manifest = connectors::manifest;

/// The connector of a manifest on a workbench, before a vendor of the lab or another server.
/// For one thread.
class Stand {
 public:
  /// A vendor of its own, in the state that it begins with; `hostile` is what an attacker has made
  /// it say. Errors: invalid_input (an option that
  /// the manifest does not take), unavailable.
  [[nodiscard]] static Result<std::unique_ptr<Stand>> in_lab(
      std::shared_ptr<const manifest::Plan> plan,
      const Product& product,
      const model::Catalogue& catalogue,
      const std::string& hostile = {});

  /// Whatever `config` names. Errors: as manifest::Connector::make(); unavailable.
  [[nodiscard]] static Result<std::unique_ptr<Stand>> at(std::shared_ptr<const manifest::Plan> plan,
                                                         manifest::Config config,
                                                         Authority authority);

  Stand(const Stand&) = delete;
  Stand& operator=(const Stand&) = delete;

  /// Only in the lab.
  [[nodiscard]] lab::VendorServer& vendor() { return *vendor_; }

  [[nodiscard]] manifest::Connector& connector() { return *connector_; }

  [[nodiscard]] Workbench& bench() { return *bench_; }

  /// What was sent since it was asked last.
  [[nodiscard]] std::vector<manifest::Sent> take_sent();

 private:
  Stand() = default;
  Result<> mount(std::shared_ptr<const manifest::Plan> plan,
                 manifest::Config config,
                 Authority authority,
                 act::ExecutorOptions options);

  TemporaryFolder folder_;  ///< Of the lab's secrets.
  SystemClock clock_;
  std::mutex mutex_;
  std::vector<manifest::Sent> sent_;
  std::unique_ptr<lab::VendorServer> vendor_;
  Loop loop_;
  std::shared_ptr<manifest::Connector> connector_;
  std::unique_ptr<Workbench> bench_;
};

}  // namespace sallyport::conformance
