#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <set>
#include <string>

namespace sallyport::lab {

/// Check Point's management API: hosts and the groups `soc-block`, `soc-block-in` and
/// `soc-block-out`, as published, as in the draft of
/// the one session, and as installed on the gateways. Tasks take two looks. The administrator is
/// `lab-user` with `lab-password`.
class CheckPointLab final : public Vendor {
 public:
  struct Objects {
    std::set<std::string> hosts;
    std::set<std::string> members;  ///< Of `soc-block`; of the others as `soc-block-in/NAME`.
    friend bool operator==(const Objects&, const Objects&) = default;
  };

  http::Response answer(const VendorRequest& request) override;

  Objects published;
  Objects draft;
  std::set<std::string> installed;
  bool installs = true;  ///< False: the installation fails.
  int discards = 0;

 private:
  struct Task {
    bool installs_policy = false;
    int looks = 0;
    std::string status = "in progress";
  };

  http::Response change(const std::string& what, const json::value& body);
  http::Response begin(bool installs_policy);
  http::Response show_task(const json::value& body);

  std::map<std::string, Task> tasks_;
  int sessions_ = 0;
};

}  // namespace sallyport::lab
