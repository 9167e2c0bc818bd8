#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::lab {

/// Endpoints of Cortex XDR. An order takes two looks to end. The advanced key 7 is `lab-xdr-key`.
class CortexLab final : public Vendor {
 public:
  struct Endpoint {
    std::string id;
    std::string name;
    std::string status = "CONNECTED";
    std::string isolated = "AGENT_UNISOLATED";
  };

  http::Response answer(const VendorRequest& request) override;

  std::vector<Endpoint> endpoints{{.id = "0f01", .name = "WKS-0042"},
                                  {.id = "0f02", .name = "WKS-0043"},
                                  {.id = "0f03", .name = "GONE", .status = "UNINSTALLED"}};
  std::string ends_as = "COMPLETED_SUCCESSFULLY";

 private:
  struct Order {
    std::string endpoint;
    std::string becomes;
    int looks = 0;
    std::string status = "PENDING";
  };

  http::Response list(const json::value& body);
  http::Response order(const std::string& what, const json::value& body);
  http::Response status_of(const json::value& body);
  void look(Order& order);

  std::vector<Order> orders_;
};

/// Sensors of the organization 0a0b0c0d-0000-4000-8000-000000000000 of LimaCharlie; a sensor does
/// what is set at the second look. The key is `lab-lc-key`.
class LimaCharlieLab final : public Vendor {
 public:
  struct Sensor {
    std::string name;
    bool wanted = false;
    bool isolated = false;
    int looks = 0;
  };

  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, Sensor> sensors{
      {"11111111-0000-4000-8000-000000000001", {.name = "WKS-0042"}},
      {"11111111-0000-4000-8000-000000000002", {.name = "WKS-0042-OLD"}}};
};

/// Endpoints of Elastic Defend behind Kibana; an order takes two looks. The key is
/// `lab-elastic-key`.
class ElasticDefendLab final : public Vendor {
 public:
  struct Endpoint {
    std::string name;
    bool isolated = false;
    std::vector<std::string> killed;
  };

  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, Endpoint> endpoints{
      {"22222222-0000-4000-8000-000000000001", {.name = "WKS-0042"}},
      {"22222222-0000-4000-8000-000000000002", {.name = "WKS-0043"}}};
  bool succeeds = true;

 private:
  struct Order {
    std::string id;
    std::string agent;
    std::string command;
    std::string entity;
    int looks = 0;
    bool completed = false;
  };

  [[nodiscard]] json::object shown(const std::string& id) const;
  http::Response order(const std::string& command, const json::value& body);
  void look(Order& order);

  std::vector<Order> orders_;
};

/// Agents of Wazuh 4 and what was run on them. The user is `lab-user` with `lab-password`.
class WazuhLab final : public Vendor {
 public:
  struct Agent {
    std::string name;
    std::string status = "active";
  };

  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, Agent> agents{{"001", {.name = "WKS-0042"}},
                                      {"002", {.name = "WKS-0099", .status = "disconnected"}},
                                      {"003", {.name = "gateway"}}};
  std::vector<std::string> ran;  ///< `001 !soc-isolate`, with the address where there is one.

 private:
  http::Response list(const VendorRequest& request) const;
  http::Response run(const VendorRequest& request);

  int logins_ = 0;
};

}  // namespace sallyport::lab
