#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <string>
#include <vector>

namespace sallyport::lab {

/// ServiceNow's incidents. The user is `lab-user` with `lab-password`.
class ServiceNowLab final : public Vendor {
 public:
  struct Incident {
    std::string sys_id;
    std::string number;
    json::object fields;
    std::vector<std::string> notes;
  };

  http::Response answer(const VendorRequest& request) override;

  std::vector<Incident> incidents{
      {.sys_id = "9d385017c611228701d22104cc95c371", .number = "INC0000001"}};
};

/// Jira Cloud's issues of the project `SOC`. The user is `lab-user` with `lab-jira-token`.
class JiraLab final : public Vendor {
 public:
  struct Issue {
    std::string key;
    json::object fields;
    std::vector<json::value> comments;
  };

  http::Response answer(const VendorRequest& request) override;

  std::vector<Issue> issues{{.key = "SOC-1", .fields = {{"summary", "old"}}}};
};

/// PagerDuty's Events API: alerts by their dedup key. The routing key is `lab-routing-key`.
class PagerDutyLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::vector<std::string> dedup_keys;
  std::vector<std::string> keys;  ///< Of every event that was taken, as they came.
};

/// Slack's chat.postMessage for the channel `C0SOC`. The token is `lab-slack-token`.
class SlackLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::vector<std::string> messages;
};

}  // namespace sallyport::lab
