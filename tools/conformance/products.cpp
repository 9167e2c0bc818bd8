#include "tools/conformance/products.hpp"

#include "tools/lab/vendors/desks.hpp"
#include "tools/lab/vendors/falcon.hpp"
#include "tools/lab/vendors/firewalls.hpp"
#include "tools/lab/vendors/keycloak.hpp"
#include "tools/lab/vendors/microsoft.hpp"
#include "tools/lab/vendors/okta.hpp"
#include "tools/lab/vendors/sentinelone.hpp"

#include <algorithm>

namespace sallyport::conformance {

namespace {

template <class Vendor>
std::unique_ptr<lab::Vendor> make_vendor() {
  return std::make_unique<Vendor>();
}

}  // namespace

const std::vector<Product>& products() {
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

const std::vector<Sample>& samples() {
  static const model::Target host{.kind = "host", .value = "WKS-0042"};
  static const model::Target device{.kind = "host", .value = "wks-0042.acme.example"};
  static const model::Target mail{.kind = "user", .value = "alice@acme.example"};
  static const model::Target user{.kind = "user", .value = "alice"};
  static const model::Target ip{.kind = "ip", .value = "203.0.113.7"};
  static const std::vector<Sample> all{
      {"edr/crowdstrike.yaml", "isolate_host", host},
      {"edr/defender.yaml", "isolate_host", device},
      {"edr/defender.yaml", "scan_host", device, {{"depth", "full"}}},
      {"edr/sentinelone.yaml", "isolate_host", host},
      {"idp/okta.yaml", "disable_user", mail},
      {"idp/okta.yaml", "revoke_sessions", mail},
      {"idp/entra.yaml", "disable_user", mail},
      {"idp/entra.yaml", "revoke_sessions", mail},
      {"idp/keycloak.yaml", "disable_user", user},
      {"idp/keycloak.yaml", "revoke_sessions", user},
      {"idp/keycloak.yaml", "force_mfa", user},
      {"firewall/panos.yaml", "block_ip", ip},
      {"firewall/fortigate.yaml", "block_ip", ip},
      {"firewall/opnsense.yaml", "block_ip", ip},
      {"firewall/cloudflare.yaml", "block_ip", ip},
      {"ticket/servicenow.yaml",
       "create_ticket",
       {.kind = "investigation", .value = "01J0000000000000000000000"},
       {{"title", "Ransomware on WKS-0042"}, {"body", "line 1\nline 2"}, {"priority", "high"}}},
      {"ticket/servicenow.yaml",
       "update_ticket",
       {.kind = "ticket", .value = "INC0000001"},
       {{"body", "host isolated"}}},
      {"ticket/jira.yaml",
       "create_ticket",
       {.kind = "project", .value = "SOC"},
       {{"title", "Ransomware \"lockbit\" on WKS-0042"}}},
      {"ticket/jira.yaml",
       "update_ticket",
       {.kind = "ticket", .value = "SOC-1"},
       {{"body", "host isolated"}}},
      {"paging/pagerduty.yaml",
       "page",
       {.kind = "service", .value = "soc"},
       {{"message", "Ransomware on WKS-0042"}, {"urgency", "high"}}},
      {"chat/slack.yaml",
       "notify",
       {.kind = "channel", .value = "C0SOC"},
       {{"message", "<!channel> & more"}}},
  };
  return all;
}

const Product* product_of(std::string_view manifest) {
  const auto found = std::ranges::find(products(), manifest, &Product::manifest);
  return found == products().end() ? nullptr : &*found;
}

std::vector<Sample> samples_of(std::string_view manifest) {
  std::vector<Sample> found;
  for (const auto& sample : samples())
    if (sample.manifest == manifest) found.push_back(sample);
  return found;
}

}  // namespace sallyport::conformance
