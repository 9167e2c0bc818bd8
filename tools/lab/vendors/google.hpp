#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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

/// What services of AWS share: the check of Signature Version 4 for `LABACCESSKEY` with
/// `lab-aws-secret`. Requests go to `/` without a query.
class AwsLab : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) final;

 protected:
  explicit AwsLab(std::string service) : service_{std::move(service)} {}

  virtual http::Response answer_known(const VendorRequest& request) = 0;
  [[nodiscard]] virtual http::Response refusal(std::string_view code) const = 0;

 private:
  [[nodiscard]] bool is_signed(const VendorRequest& request) const;

  std::string service_;
};

/// The IP set `soc` of AWS WAF, with its lock token.
class AwsWafLab final : public AwsLab {
 public:
  AwsWafLab() : AwsLab{"wafv2"} {}

  std::set<std::string> addresses{"198.51.100.0/24"};
  std::string description = "kept by hand";
  int others_first = 0;  ///< So many updates find that somebody else was there since.

  [[nodiscard]] int updates() const { return changes_; }

 private:
  http::Response answer_known(const VendorRequest& request) override;
  [[nodiscard]] http::Response refusal(std::string_view code) const override;
  [[nodiscard]] std::string lock() const;

  int changes_ = 0;
};

/// Users of AWS IAM and the policies attached to them.
class AwsIamLab final : public AwsLab {
 public:
  AwsIamLab() : AwsLab{"iam"} {}

  std::map<std::string, std::set<std::string>> users{
      {"alice", {"arn:aws:iam::aws:policy/ReadOnlyAccess"}}};

 private:
  http::Response answer_known(const VendorRequest& request) override;
  [[nodiscard]] http::Response refusal(std::string_view code) const override;
};

}  // namespace sallyport::lab
