#pragma once

#include "tests/connectors/manifest/world.hpp"
#include "tools/lab/vendors/desks.hpp"
#include "tools/lab/vendors/falcon.hpp"
#include "tools/lab/vendors/firewalls.hpp"
#include "tools/lab/vendors/keycloak.hpp"
#include "tools/lab/vendors/microsoft.hpp"
#include "tools/lab/vendors/okta.hpp"
#include "tools/lab/vendors/sentinelone.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sallyport::connectors::manifest::testing {

/// A shipped manifest and the vendor of the lab that stands for its product.
struct Product {
  std::string manifest;
  std::function<std::unique_ptr<lab::Vendor>()> vendor;
  std::map<std::string, std::string> secrets;
  std::map<std::string, json::value> options{};
};

template <class Vendor>
std::unique_ptr<lab::Vendor> make_vendor() {
  return std::make_unique<Vendor>();
}

inline const std::vector<Product>& products() {
  static const std::map<std::string, std::string> client{{"client_id", "lab-client"},
                                                         {"client_secret", "lab-client-secret"}};
  static const std::map<std::string, json::value> tenant{
      {"tenant_id", "11111111-2222-3333-4444-555555555555"}};
  static const std::vector<Product> all{
      {"edr/crowdstrike.yaml", make_vendor<lab::FalconLab>, client},
      {"edr/defender.yaml", make_vendor<lab::DefenderLab>, client, tenant},
      {"edr/sentinelone.yaml", make_vendor<lab::SentinelOneLab>, {{"api_token", "lab-s1-token"}}},
      {"idp/okta.yaml", make_vendor<lab::OktaLab>, {{"api_token", "lab-okta-token"}}},
      {"idp/entra.yaml", make_vendor<lab::EntraLab>, client, tenant},
      {"idp/keycloak.yaml",
       make_vendor<lab::KeycloakLab>,
       client,
       {{"realm", "acme"}, {"login_realm", "acme"}}},
      {"firewall/panos.yaml",
       make_vendor<lab::PanosLab>,
       {{"user", "lab-user"}, {"password", "lab-password"}}},
      {"firewall/fortigate.yaml",
       make_vendor<lab::FortigateLab>,
       {{"api_token", "lab-forti-token"}}},
      {"firewall/opnsense.yaml",
       make_vendor<lab::OpnsenseLab>,
       {{"key", "lab-key"}, {"secret", "lab-secret"}},
       {{"alias", "soc_block"}}},
      {"firewall/cloudflare.yaml",
       make_vendor<lab::CloudflareLab>,
       {{"api_token", "lab-cf-token"}},
       {{"account", "acc"}, {"list", "blocklist"}}},
      {"ticket/servicenow.yaml",
       make_vendor<lab::ServiceNowLab>,
       {{"user", "lab-user"}, {"password", "lab-password"}}},
      {"ticket/jira.yaml",
       make_vendor<lab::JiraLab>,
       {{"user", "lab-user"}, {"api_token", "lab-jira-token"}}},
      {"paging/pagerduty.yaml",
       make_vendor<lab::PagerDutyLab>,
       {{"routing_key", "lab-routing-key"}}},
      {"chat/slack.yaml", make_vendor<lab::SlackLab>, {{"bot_token", "lab-slack-token"}}},
  };
  return all;
}

inline const Product& product_of(const std::string& manifest) {
  return *std::ranges::find(products(), manifest, &Product::manifest);
}

/// A vendor of the lab with the connector that its manifest makes, in a world of its own.
struct Stand {
  explicit Stand(const Product& product)
      : vendor{lab::VendorServer::start(product.vendor()).value()} {
    const auto plan = plan_of(product.manifest);
    auto config = lab_config(*vendor, product.secrets, product.options);
    for (const auto& [name, endpoint] : plan->endpoints)
      if (name != "api") config.endpoints[name] = vendor->url();
    auto made =
        Connector::make(plan, config, std::make_shared<KnownPlaces>(), clock, loop.executor());
    EXPECT_TRUE(made) << made.error().detail;
    connector = *std::move(made);
    world.emplace(connector);
  }

  explicit Stand(const std::string& manifest) : Stand{product_of(manifest)} {}

  SystemClock clock;
  std::unique_ptr<lab::VendorServer> vendor;
  Loop loop;
  std::shared_ptr<Connector> connector;
  std::optional<World> world;
};

}  // namespace sallyport::connectors::manifest::testing
