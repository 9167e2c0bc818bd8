#include "tools/conformance/stand.hpp"

#include <fmt/format.h>

#include <fstream>

namespace sallyport::conformance {

namespace {

/// The lab answers at once, or not at all.
const act::ExecutorOptions in_the_lab{.product = {.request_timeout = std::chrono::seconds{5}},
                                          .verify = {.verify_for = std::chrono::milliseconds{700}}};

}  // namespace

Result<> Stand::mount(std::shared_ptr<const manifest::Plan> plan,
                      manifest::Config config,
                      Authority authority,
                      act::ExecutorOptions options) {
  auto made = manifest::Connector::make(std::move(plan),
                                        std::move(config),
                                        std::make_shared<connectors::KnownPlaces>(),
                                        clock_,
                                        loop_.executor());
  if (!made) return std::unexpected{made.error()};
  connector_ = *std::move(made);
  connector_->set_witness([this](const manifest::Sent& request) {
    const std::scoped_lock lock{mutex_};
    sent_.push_back(request);
  });
  auto bench = Workbench::make(connector_, std::move(authority), options);
  if (!bench) return std::unexpected{bench.error()};
  bench_ = *std::move(bench);
  return {};
}

Result<std::unique_ptr<Stand>> Stand::in_lab(std::shared_ptr<const manifest::Plan> plan,
                                             const Product& product,
                                             const model::Catalogue& catalogue,
                                             const std::string& hostile) {
  std::unique_ptr<Stand> made{new Stand{}};
  auto kind = product.vendor();
  kind->hostile = hostile;
  auto vendor = lab::VendorServer::start(std::move(kind));
  if (!vendor) return std::unexpected{vendor.error()};
  made->vendor_ = *std::move(vendor);
  manifest::Config config{.name = plan->connector.id,
                          .base_url = made->vendor_->url(),
                          .options = product.options,
                          .allow = {"127.0.0.1"}};
  for (const auto& [name, endpoint] : plan->endpoints)
    if (name != "api") config.endpoints[name] = made->vendor_->url();
  for (const auto& [name, text] : product.secrets) {
    const auto file = made->folder_.path() / name;
    std::ofstream{file} << text << '\n';
    config.secrets.emplace(name, "file:" + file.string());
  }
  if (const auto mounted =
          made->mount(std::move(plan), std::move(config), anything_goes(catalogue), in_the_lab);
      !mounted)
    return std::unexpected{mounted.error()};
  return made;
}

Result<std::unique_ptr<Stand>> Stand::at(std::shared_ptr<const manifest::Plan> plan,
                                         manifest::Config config,
                                         Authority authority) {
  std::unique_ptr<Stand> made{new Stand{}};
  if (const auto mounted =
          made->mount(std::move(plan), std::move(config), std::move(authority), {});
      !mounted)
    return std::unexpected{mounted.error()};
  return made;
}

std::vector<manifest::Sent> Stand::take_sent() {
  const std::scoped_lock lock{mutex_};
  return std::exchange(sent_, {});
}

}  // namespace sallyport::conformance
