#include "tools/conformance/products.hpp"

#include "engine/match/encode.hpp"
#include "tools/lab/vendors/agents.hpp"
#include "tools/lab/vendors/aws.hpp"
#include "tools/lab/vendors/checkpoint.hpp"
#include "tools/lab/vendors/desks.hpp"
#include "tools/lab/vendors/falcon.hpp"
#include "tools/lab/vendors/firewalls.hpp"
#include "tools/lab/vendors/google.hpp"
#include "tools/lab/vendors/intel.hpp"
#include "tools/lab/vendors/keycloak.hpp"
#include "tools/lab/vendors/messengers.hpp"
#include "tools/lab/vendors/microsoft.hpp"
#include "tools/lab/vendors/okta.hpp"
#include "tools/lab/vendors/sentinelone.hpp"
#include "tools/lab/vendors/siem.hpp"
#include "tools/lab/vendors/trackers.hpp"

#include <algorithm>

namespace sallyport::conformance {

namespace {

template <class Vendor>
std::unique_ptr<lab::Vendor> make_vendor() {
  return std::make_unique<Vendor>();
}

std::unique_ptr<lab::Vendor> elastic() {
  return std::make_unique<lab::ElasticLab>("_all", "ApiKey lab-intel-key");
}

std::string basic_header() {
  return "Basic " + match::to_base64("lab-user:lab-password");
}

std::unique_ptr<lab::Vendor> opensearch() {
  return std::make_unique<lab::ElasticLab>("_all", basic_header());
}

std::unique_ptr<lab::Vendor> wazuh_indexer() {
  return std::make_unique<lab::ElasticLab>("wazuh-alerts-*", basic_header());
}

}  // namespace

const std::vector<Product>& products() {
  static const std::map<std::string, std::string> client{{"client_id", "lab-client"},
                                                         {"client_secret", "lab-client-secret"}};
  static const std::map<std::string, std::string> aws{{"access_key", "LABACCESSKEY"},
                                                      {"secret_key", "lab-aws-secret"}};
  static const std::map<std::string, json::value> tenant{
      {"tenant_id", "11111111-2222-3333-4444-555555555555"}};
  static const std::map<std::string, std::string> key{{"api_key", "lab-intel-key"}};
  static const std::map<std::string, std::string> auth_key{{"auth_key", "lab-intel-key"}};
  static const std::map<std::string, std::string> basic{{"user", "lab-user"},
                                                        {"password", "lab-password"}};
  static const std::map<std::string, json::value> workspace{
      {"tenant_id", "11111111-2222-3333-4444-555555555555"},
      {"workspace_id", "99999999-2222-3333-4444-555555555555"}};
  static const std::vector<Product> all{
      {"intel/abuseipdb.yaml", make_vendor<lab::AbuseIpdbLab>, key},
      {"intel/greynoise.yaml", make_vendor<lab::GreyNoiseLab>, key},
      {"intel/misp.yaml", make_vendor<lab::MispLab>, auth_key},
      {"intel/opencti.yaml", make_vendor<lab::OpenCtiLab>, {{"token", "lab-intel-key"}}},
      {"intel/otx.yaml", make_vendor<lab::OtxLab>, key},
      {"intel/shodan.yaml", make_vendor<lab::ShodanLab>, key},
      {"intel/threatfox.yaml", make_vendor<lab::ThreatFoxLab>, auth_key},
      {"intel/urlhaus.yaml", make_vendor<lab::UrlhausLab>, auth_key},
      {"intel/virustotal.yaml", make_vendor<lab::VirusTotalLab>, key},
      {"siem/elastic.yaml", elastic, key},
      {"siem/loki.yaml", make_vendor<lab::LokiLab>, basic},
      {"siem/opensearch.yaml", opensearch, basic},
      {"siem/sentinel.yaml", make_vendor<lab::SentinelLab>, client, workspace},
      {"siem/splunk.yaml", make_vendor<lab::SplunkLab>, {{"token", "lab-splunk-token"}}},
      {"siem/wazuh_indexer.yaml", wazuh_indexer, basic},
      {"edr/crowdstrike.yaml", make_vendor<lab::FalconLab>, client},
      {"edr/defender.yaml", make_vendor<lab::DefenderLab>, client, tenant},
      {"edr/sentinelone.yaml", make_vendor<lab::SentinelOneLab>, {{"api_token", "lab-s1-token"}}},
      {"edr/cortex_xdr.yaml",
       make_vendor<lab::CortexLab>,
       {{"key", "lab-xdr-key"}},
       {{"key_id", "7"}}},
      {"edr/limacharlie.yaml",
       make_vendor<lab::LimaCharlieLab>,
       {{"api_key", "lab-lc-key"}},
       {{"organization", "0a0b0c0d-0000-4000-8000-000000000000"}}},
      {"edr/elastic_defend.yaml",
       make_vendor<lab::ElasticDefendLab>,
       {{"api_key", "lab-elastic-key"}}},
      {"edr/wazuh.yaml",
       make_vendor<lab::WazuhLab>,
       {{"user", "lab-user"}, {"password", "lab-password"}},
       {{"gateway", "003"}}},
      {"idp/google_workspace.yaml",
       make_vendor<lab::GoogleLab>,
       {{"private_key", lab::GoogleLab::private_key()}},
       {{"service_account", "soc@lab.iam.gserviceaccount.com"}, {"admin", "admin@acme.example"}}},
      {"idp/aws_iam.yaml", make_vendor<lab::AwsIamLab>, aws},
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
      {"firewall/aws_waf.yaml",
       make_vendor<lab::AwsWafLab>,
       aws,
       {{"region", "eu-central-1"},
        {"name", "soc"},
        {"set", "0f8fad5b-d9cb-469f-a165-70867728950e"}}},
      {"firewall/aws_nacl.yaml",
       make_vendor<lab::AwsNaclLab>,
       aws,
       {{"region", "eu-central-1"}, {"acl", "acl-0a1b2c3d"}}},
      {"firewall/checkpoint.yaml",
       make_vendor<lab::CheckPointLab>,
       {{"user", "lab-user"}, {"password", "lab-password"}}},
      {"firewall/openc2.yaml", make_vendor<lab::OpenC2Lab>, {{"token", "lab-openc2-token"}}},
      {"ticket/thehive.yaml", make_vendor<lab::TheHiveLab>, {{"api_key", "lab-thehive-key"}}},
      {"ticket/github.yaml",
       make_vendor<lab::GithubLab>,
       {{"token", "lab-github-token"}},
       {{"owner", "acme"}, {"repository", "soc"}}},
      {"ticket/gitlab.yaml",
       make_vendor<lab::GitlabLab>,
       {{"token", "lab-gitlab-token"}},
       {{"project", "42"}}},
      {"paging/opsgenie.yaml", make_vendor<lab::OpsgenieLab>, {{"api_key", "lab-opsgenie-key"}}},
      {"chat/webhook.yaml", make_vendor<lab::WebhookLab>, {{"key", "lab-webhook-key-0123"}}},
      {"chat/teams.yaml",
       make_vendor<lab::TeamsLab>,
       {{"signature", "lab-teams-sig"}},
       {{"workflow", "0a1b"}}},
      {"chat/mattermost.yaml",
       make_vendor<lab::MattermostLab>,
       {{"bot_token", "lab-mattermost-token"}}},
      {"chat/matrix.yaml", make_vendor<lab::MatrixLab>, {{"access_token", "lab-matrix-token"}}},
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
  static const model::Target story{.kind = "investigation", .value = "01J0000000000000000000000"};
  static const model::Target sha1{.kind = "hash",
                                  .value = "da39a3ee5e6b4b0d3255bfef95601890afd80709"};
  static const model::Target sha256{
      .kind = "hash", .value = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
  static const json::object on_host{{"host", "WKS-0042"}};
  static const model::Target number{.kind = "ticket", .value = "1"};
  static const json::object ticket{{"title", "Ransomware \"lockbit\""}, {"body", "line 1\nline 2"}};
  static const json::object comment{{"body", "host isolated"}};
  static const json::object message{{"message", "<!channel> & more\nof it"}};
  static const std::vector<Sample> all{
      {"edr/crowdstrike.yaml", "isolate_host", host},
      {"edr/defender.yaml", "isolate_host", device},
      {"edr/defender.yaml", "scan_host", device, {{"depth", "full"}}},
      {"edr/sentinelone.yaml", "isolate_host", host},
      {"edr/crowdstrike.yaml", "add_ioc", sha256},
      {"edr/crowdstrike.yaml", "kill_process", {.kind = "process", .value = "4242"}, on_host},
      {"edr/defender.yaml", "add_ioc", sha256},
      {"edr/defender.yaml", "quarantine_file", sha1, {{"host", "wks-0042.acme.example"}}},
      {"edr/sentinelone.yaml", "scan_host", host},
      {"edr/sentinelone.yaml", "quarantine_file", sha1, on_host},
      {"edr/cortex_xdr.yaml", "isolate_host", host},
      {"edr/cortex_xdr.yaml", "scan_host", host},
      {"edr/limacharlie.yaml", "isolate_host", host},
      {"edr/elastic_defend.yaml", "isolate_host", host},
      {"edr/elastic_defend.yaml",
       "kill_process",
       {.kind = "process", .value = "MTIzNDU2LTEyMzQtNTY3OA=="},
       on_host},
      {"edr/wazuh.yaml", "isolate_host", host},
      {"edr/wazuh.yaml", "block_ip", ip},
      {"idp/google_workspace.yaml", "disable_user", mail},
      {"idp/google_workspace.yaml", "revoke_sessions", mail},
      {"idp/google_workspace.yaml", "reset_password", mail},
      {"idp/aws_iam.yaml", "disable_user", user},
      {"firewall/aws_waf.yaml", "block_ip", ip},
      {"firewall/aws_nacl.yaml", "block_ip", ip},
      {"firewall/checkpoint.yaml", "block_ip", ip},
      {"idp/okta.yaml", "disable_user", mail},
      {"idp/okta.yaml", "revoke_sessions", mail},
      {"idp/okta.yaml", "reset_password", mail},
      {"idp/entra.yaml", "reset_password", mail},
      {"idp/keycloak.yaml", "reset_password", user},
      {"idp/entra.yaml", "disable_user", mail},
      {"idp/entra.yaml", "revoke_sessions", mail},
      {"idp/keycloak.yaml", "disable_user", user},
      {"idp/keycloak.yaml", "revoke_sessions", user},
      {"idp/keycloak.yaml", "force_mfa", user},
      {"firewall/panos.yaml", "block_ip", ip},
      {"firewall/fortigate.yaml", "block_ip", ip},
      {"firewall/opnsense.yaml", "block_ip", ip},
      {"firewall/cloudflare.yaml", "block_ip", ip},
      {"firewall/openc2.yaml", "block_ip", ip},
      {"firewall/openc2.yaml", "block_domain", {.kind = "domain", .value = "evil.example"}},
      {"firewall/openc2.yaml", "isolate_host", host},
      {"ticket/thehive.yaml", "create_ticket", story, ticket},
      {"ticket/thehive.yaml", "update_ticket", number, comment},
      {"ticket/github.yaml", "create_ticket", story, ticket},
      {"ticket/github.yaml", "update_ticket", number, comment},
      {"ticket/gitlab.yaml", "create_ticket", story, ticket},
      {"ticket/gitlab.yaml", "update_ticket", number, comment},
      {"paging/opsgenie.yaml",
       "page",
       {.kind = "team", .value = "soc"},
       {{"message", "Ransomware on WKS-0042"}}},
      {"chat/webhook.yaml", "notify", {.kind = "channel", .value = "soc"}, message},
      {"chat/teams.yaml", "notify", {.kind = "channel", .value = "soc"}, message},
      {"chat/mattermost.yaml",
       "notify",
       {.kind = "channel", .value = "4xp9fdt77pncbef59f4k1qe83o"},
       message},
      {"chat/matrix.yaml", "notify", {.kind = "channel", .value = "soc:acme.example"}, message},
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
