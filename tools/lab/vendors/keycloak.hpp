#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <string>

namespace sallyport::lab {

/// Keycloak's admin API for the users of the realm `acme`. The service account is `lab-client` with
/// the secret `lab-client-secret`.
class KeycloakLab final : public Vendor {
 public:
  struct User {
    std::string id;
    std::string name;
    bool enabled = true;
    int sessions = 1;
    json::array required_actions;
    std::string password = "old";
  };

  KeycloakLab();

  http::Response answer(const VendorRequest& request) override;

  [[nodiscard]] User& user(const std::string& name);

 private:
  http::Response token(const VendorRequest& request);
  http::Response update(User& user, const VendorRequest& request);

  std::map<std::string, User> users_;  ///< By id.
};

}  // namespace sallyport::lab
