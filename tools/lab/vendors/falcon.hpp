#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <string>
#include <vector>

namespace sallyport::lab {

/// CrowdStrike Falcon: tokens, hosts and their containment, which takes effect only when the host
/// is seen again. The API client is `lab-client` with the secret `lab-client-secret`.
class FalconLab final : public Vendor {
 public:
  struct Host {
    std::string id;
    std::string name;
    std::string status = "normal";
    int looks_until_contact = 1;  ///< How often it is asked about before it calls home.
  };

  FalconLab();

  http::Response answer(const VendorRequest& request) override;

  [[nodiscard]] Host& host(const std::string& name);

  void expire_tokens() { ++generation_; }

  std::map<std::string, json::object> indicators;  ///< By id.
  std::vector<std::string> killed;                 ///< Process ids.
  std::string stderr_says;                         ///< What a command writes there.
  int sessions_open = 0;
  bool hosts_call_home = true;  ///< False: what is pending stays so.
  bool may_write = true;        ///< False: the client lacks Hosts WRITE.
  int tokens_given = 0;

 private:
  http::Response token(const VendorRequest& request);
  http::Response query(const VendorRequest& request);
  http::Response details(const VendorRequest& request);
  http::Response act(const VendorRequest& request);
  http::Response indicator(const VendorRequest& request);
  http::Response respond(const VendorRequest& request);
  [[nodiscard]] std::string bearer() const;

  std::map<std::string, Host> hosts_;  ///< By id.
  int generation_ = 0;
  int commands_ = 0;
  int looks_ = 0;
};

}  // namespace sallyport::lab
