#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace sallyport::lab {

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

/// The network ACL `acl-0a1b2c3d` of EC2: rules by direction and number, the lowest of which wins,
/// at most 20 a direction.
class AwsNaclLab final : public AwsLab {
 public:
  struct Rule {
    std::string action;
    std::string cidr;
  };

  /// Of one direction, by number.
  using Rules = std::map<int, Rule>;

  AwsNaclLab() : AwsLab{"ec2"} {}

  /// Whether traffic of all protocols with `address` is denied by the rule that wins.
  [[nodiscard]] bool denies(const std::string& address, bool egress) const;

  std::map<bool, Rules> rules{
      {false, {{1, {"deny", "198.51.100.0/24"}}, {100, {"allow", "0.0.0.0/0"}}}},
      {true, {{100, {"allow", "0.0.0.0/0"}}}}};  ///< True: outbound.
  /// So many new rules of a direction find that somebody else has just taken the number.
  std::map<bool, int> others_first{};

 private:
  http::Response answer_known(const VendorRequest& request) override;
  [[nodiscard]] http::Response refusal(std::string_view code) const override;
  [[nodiscard]] http::Response described() const;
  http::Response create(const http::Query& form, bool egress, int number);
};

}  // namespace sallyport::lab
