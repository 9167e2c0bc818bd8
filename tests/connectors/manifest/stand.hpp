#pragma once

#include "tests/connectors/manifest/world.hpp"
#include "tools/conformance/products.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::connectors::manifest::testing {

/// A vendor of the lab with the connector that its manifest makes, in a world of its own.
struct Stand {
  explicit Stand(conformance::Product of, std::vector<LimitSpec> limits = {})
      : product{std::move(of)} {
    const auto plan = plan_of(product.manifest);
    auto config = lab_config(*vendor, product.secrets, product.options);
    config.limits = std::move(limits);
    for (const auto& [name, endpoint] : plan->endpoints)
      if (name != "api") config.endpoints[name] = vendor->url();
    auto made =
        Connector::make(plan, config, std::make_shared<KnownPlaces>(), clock, loop.executor());
    EXPECT_TRUE(made) << made.error().detail;
    connector = *std::move(made);
    world.emplace(connector);
  }

  explicit Stand(const std::string& manifest) : Stand{*conformance::product_of(manifest)} {}

  conformance::Product product;
  SystemClock clock;
  std::unique_ptr<lab::VendorServer> vendor = lab::VendorServer::start(product.vendor()).value();
  Loop loop;
  std::shared_ptr<Connector> connector;
  std::optional<World> world;
};

}  // namespace sallyport::connectors::manifest::testing
