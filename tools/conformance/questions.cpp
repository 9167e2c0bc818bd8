#include "tools/conformance/questions.hpp"

#include "tools/lab/vendors/intel.hpp"
#include "tools/lab/vendors/siem.hpp"

#include <algorithm>

namespace sallyport::conformance {

namespace {

model::Entity entity(std::string_view kind, std::string_view value) {
  return {.kind = std::string{kind}, .value = std::string{value}};
}

}  // namespace

const std::vector<Question>& questions() {
  using lab::KnownBad;
  using lab::Logged;
  static const auto ip = entity("ip", KnownBad::ip);
  static const auto other_ip = entity("ip", "198.51.100.77");
  static const auto domain = entity("domain", KnownBad::domain);
  static const auto other_domain = entity("domain", "good.example");
  static const auto url = entity("url", KnownBad::url);
  static const auto other_url = entity("url", "http://good.example/");
  static const auto sha256 = entity("hash", KnownBad::sha256);
  static const auto other_sha256 = entity("hash", std::string(64, 'c'));
  static const auto md5 = entity("hash", KnownBad::md5);
  static const auto other_md5 = entity("hash", std::string(32, 'c'));
  static const auto host = entity("host", Logged::host);
  static const auto other_host = entity("host", "WKS-9999");
  static const auto user = entity("user", Logged::user);
  static const auto other_user = entity("user", "nobody");
  static const auto device = entity("host", "wks-0042.acme.example");
  const std::string bad = "intel.known_bad";
  static const std::vector<Question> all{
      {"edr/crowdstrike.yaml", "host", host, other_host},
      {"edr/defender.yaml", "device", device, other_host, "edr.host_at_risk"},
      {"edr/defender.yaml", "process_tree", device, other_host},
      {"intel/abuseipdb.yaml", "address", ip, other_ip, bad},
      {"intel/greynoise.yaml", "address", ip, other_ip, bad},
      {"intel/misp.yaml", "attribute", domain, other_domain, bad},
      {"intel/opencti.yaml", "observable", ip, other_ip, bad},
      {"intel/opencti.yaml", "file", sha256, other_sha256, bad},
      {"intel/otx.yaml", "address", ip, other_ip, bad},
      {"intel/otx.yaml", "domain", domain, other_domain, bad},
      {"intel/otx.yaml", "file", md5, other_md5, bad},
      {"intel/shodan.yaml", "address", ip, other_ip},
      {"intel/threatfox.yaml", "indicator", ip, other_ip, bad},
      {"intel/threatfox.yaml", "file", md5, other_md5, bad},
      {"intel/urlhaus.yaml", "url", url, other_url, bad},
      {"intel/urlhaus.yaml", "host", domain, other_domain, bad},
      {"intel/urlhaus.yaml", "sha256", sha256, other_sha256, bad},
      {"intel/urlhaus.yaml", "md5", md5, other_md5, bad},
      {"intel/virustotal.yaml", "address", ip, other_ip, bad},
      {"intel/virustotal.yaml", "domain", domain, other_domain, bad},
      {"intel/virustotal.yaml", "file", sha256, other_sha256, bad},
      {"intel/virustotal.yaml", "url", url, other_url, bad},
      {"siem/elastic.yaml", "host_events", host, other_host},
      {"siem/elastic.yaml", "user_events", user, other_user},
      {"siem/elastic.yaml", "address_events", ip, other_ip},
      {"siem/elastic.yaml", "file_events", sha256, other_sha256},
      {"siem/loki.yaml", "lines", host, other_host},
      {"siem/opensearch.yaml", "host_events", host, other_host},
      {"siem/opensearch.yaml", "user_events", user, other_user},
      {"siem/opensearch.yaml", "address_events", ip, other_ip},
      {"siem/opensearch.yaml", "file_events", sha256, other_sha256},
      {"siem/sentinel.yaml", "host_events", host, other_host},
      {"siem/sentinel.yaml", "user_events", user, other_user},
      {"siem/sentinel.yaml", "address_events", ip, other_ip},
      {"siem/splunk.yaml", "host_events", host, other_host},
      {"siem/splunk.yaml", "user_events", user, other_user},
      {"siem/splunk.yaml", "address_events", ip, other_ip},
      {"siem/wazuh_indexer.yaml", "host_alerts", host, other_host},
      {"siem/wazuh_indexer.yaml", "user_alerts", user, other_user},
      {"siem/wazuh_indexer.yaml", "address_alerts", ip, other_ip},
  };
  return all;
}

std::vector<Question> questions_of(std::string_view manifest) {
  std::vector<Question> found;
  std::ranges::copy_if(questions(), std::back_inserter(found), [&](const Question& question) {
    return question.manifest == manifest;
  });
  return found;
}

}  // namespace sallyport::conformance
