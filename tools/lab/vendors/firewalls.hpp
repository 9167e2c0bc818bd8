#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <map>
#include <set>
#include <string>

namespace sallyport::lab {

/// PAN-OS' XML API: keys by `lab-user` / `lab-password`, and addresses registered to tags.
class PanosLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, std::set<std::string>> tags;  ///< By address.
  int keys_given = 0;
  bool key_valid = true;

 private:
  http::Response show(const std::string& cmd);
  http::Response update(const std::string& cmd);
};

/// FortiGate's banned addresses. The token is `lab-forti-token`.
class FortigateLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, std::int64_t> banned;  ///< Address -> seconds.
};

/// OPNsense's aliases `soc_block`, `soc_block_in` and `soc_block_out`, which keep addresses with
/// their prefix. The key is `lab-key` with `lab-secret`.
class OpnsenseLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::set<std::string> addresses;  ///< Of `soc_block`.
  std::set<std::string> inbound;
  std::set<std::string> outbound;

 private:
  /// nullptr: there is no such alias.
  [[nodiscard]] std::set<std::string>* alias(std::string_view name);
};

/// An IP list of Cloudflare, changed by bulk operations that take two looks. The token is
/// `lab-cf-token`.
class CloudflareLab final : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) override;

  std::map<std::string, std::string> items;  ///< Id -> address.

 private:
  http::Response change(const VendorRequest& request);
  /// Ends what is under way at the second look; true: it has ended.
  bool settle();

  std::map<std::string, std::string> adding_;
  std::set<std::string> removing_;
  int operations_ = 0;
  int looks_ = 0;
};

}  // namespace sallyport::lab
