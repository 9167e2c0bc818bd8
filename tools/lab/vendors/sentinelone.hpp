#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <string>

namespace sallyport::lab {

/// SentinelOne's agents, two a page whatever is asked for. The token is `lab-s1-token`.
class SentinelOneLab final : public Vendor {
 public:
  struct Agent {
    std::string id;
    std::string name;
    std::string network = "connected";
  };

  SentinelOneLab();

  http::Response answer(const VendorRequest& request) override;

  [[nodiscard]] Agent& agent(const std::string& name);

 private:
  http::Response list(const VendorRequest& request);
  http::Response act(const VendorRequest& request);

  std::map<std::string, Agent> agents_;
};

}  // namespace sallyport::lab
