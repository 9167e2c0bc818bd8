#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <string>
#include <vector>

namespace sallyport::lab {

/// SentinelOne's agents, two a page whatever is asked for. The token is `lab-s1-token`.
class SentinelOneLab final : public Vendor {
 public:
  struct Agent {
    std::string id;
    std::string name;
    std::string network = "connected";
  };

  /// A file that an agent took for a threat, and what was done with it, the latest last.
  struct Threat {
    std::string id;
    std::string host;
    std::string sha1;
    std::vector<std::string> actions{};
    int looks = 0;
  };

  SentinelOneLab();

  http::Response answer(const VendorRequest& request) override;

  [[nodiscard]] Agent& agent(const std::string& name);

  std::vector<Threat> threats{
      {.id = "2001", .host = "WKS-0042", .sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
      {.id = "2002", .host = "WKS-0042-B", .sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"}};
  std::vector<std::string> scanned;

 private:
  http::Response list(const VendorRequest& request);
  http::Response act(const VendorRequest& request);
  http::Response list_threats(const VendorRequest& request);
  http::Response mitigate(const VendorRequest& request);

  std::map<std::string, Agent> agents_;
};

}  // namespace sallyport::lab
