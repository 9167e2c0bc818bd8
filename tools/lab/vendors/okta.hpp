#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <string>

namespace sallyport::lab {

/// Okta's users: statuses and their transitions as the management API has them. The token is
/// `lab-okta-token`.
class OktaLab final : public Vendor {
 public:
  struct User {
    std::string id;
    std::string login;
    std::string status = "ACTIVE";
    int sessions = 2;
  };

  OktaLab();

  http::Response answer(const VendorRequest& request) override;

  [[nodiscard]] User& user(const std::string& login);

  bool may_manage = true;  ///< False: the token lacks okta.users.manage.

 private:
  [[nodiscard]] User* find(const std::string& id_or_login);
  http::Response lifecycle(User& user, const std::string& what);

  std::map<std::string, User> users_;  ///< By id.
};

}  // namespace sallyport::lab
