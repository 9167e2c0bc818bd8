#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <string>
#include <vector>

namespace sallyport::lab {

/// What two of Microsoft's APIs share: a token of the directory
/// 11111111-2222-3333-4444-555555555555 for `lab-client` with `lab-client-secret`.
class MicrosoftLab : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) final;

 protected:
  explicit MicrosoftLab(std::string scope) : scope_{std::move(scope)} {}

  virtual http::Response answer_known(const VendorRequest& request) = 0;

 private:
  http::Response token(const VendorRequest& request) const;

  std::string scope_;
};

/// Users of Entra ID through Microsoft Graph.
class EntraLab final : public MicrosoftLab {
 public:
  struct User {
    std::string id;
    std::string name;
    bool enabled = true;
    bool synced = false;
    int sessions = 1;
    std::string password = "old";
  };

  EntraLab();
  [[nodiscard]] User& user(const std::string& name);

 private:
  http::Response answer_known(const VendorRequest& request) override;

  std::map<std::string, User> users_;
};

/// Devices of Defender for Endpoint and their actions, which take two looks to end.
class DefenderLab final : public MicrosoftLab {
 public:
  struct Action {
    std::string id;
    std::string machine;
    std::string type;
    std::string status;
    std::string created;
    int looks = 0;
  };

  DefenderLab();
  std::string ends_as = "Succeeded";
  std::vector<Action> actions;
  std::map<std::string, json::object> indicators;  ///< By id.

 private:
  http::Response answer_known(const VendorRequest& request) override;
  http::Response begin(const std::string& machine,
                       const std::string& what,
                       const VendorRequest& request);
  [[nodiscard]] http::Response hunt(const VendorRequest& request) const;
  http::Response indicator(const VendorRequest& request);

  std::map<std::string, std::string> machines_;  ///< Id -> name.
};

}  // namespace sallyport::lab
