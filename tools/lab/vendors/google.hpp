#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <string>

namespace sallyport::lab {

/// Users of Google Workspace. Tokens are given for assertions that the key of
/// `soc@lab.iam.gserviceaccount.com` signed, in the name of `admin@acme.example`.
class GoogleLab final : public Vendor {
 public:
  struct User {
    std::string email;
    bool suspended = false;
    std::string suspended_for;
    int sessions = 2;
    std::string password = "old";
    bool must_change = false;
  };

  http::Response answer(const VendorRequest& request) override;

  [[nodiscard]] User& user(const std::string& email);

  bool echoes_password = false;  ///< It refuses passwords, and says which.

  /// The service account's private key as its JSON key file has it, on one line.
  [[nodiscard]] static const std::string& private_key();

  std::map<std::string, User> users{
      {"101", {.email = "alice@acme.example"}},
      {"102", {.email = "abuse@acme.example", .suspended = true, .suspended_for = "ABUSE"}}};

 private:
  http::Response token(const VendorRequest& request) const;
  http::Response change(User& user, const VendorRequest& request);
};

}  // namespace sallyport::lab
