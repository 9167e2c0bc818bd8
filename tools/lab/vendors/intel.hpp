#pragma once

#include "tools/lab/vendors/vendor.hpp"

#include <set>
#include <string>
#include <string_view>

namespace sallyport::lab {

/// What the intelligence of the lab knows: these are bad, everything else nobody has heard of.
struct KnownBad {
  static constexpr std::string_view ip = "203.0.113.66";
  static constexpr std::string_view domain = "evil.example";
  static constexpr std::string_view url = "http://evil.example/payload";
  static constexpr std::string_view sha256 =
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  static constexpr std::string_view md5 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
};

/// A service that is asked with a key, so many times.
class IntelLab : public Vendor {
 public:
  http::Response answer(const VendorRequest& request) final;

  int quota = 1'000'000;  ///< Requests that are answered; past it the service says so.
  std::string key = "lab-intel-key";

 protected:
  [[nodiscard]] virtual std::string given_key(const VendorRequest& request) const = 0;
  [[nodiscard]] virtual http::Response refused() const = 0;
  [[nodiscard]] virtual http::Response used_up() const = 0;
  virtual http::Response look_up(const VendorRequest& request) = 0;
};

/// Each as its vendor describes it: the key in its own place, paths and methods that it has, its
/// own words for what it does not know, for a wrong key and for too many questions.
class VirusTotalLab final : public IntelLab {
  std::string given_key(const VendorRequest& request) const override;
  http::Response refused() const override;
  http::Response used_up() const override;
  http::Response look_up(const VendorRequest& request) override;
};

class AbuseIpdbLab final : public IntelLab {
  std::string given_key(const VendorRequest& request) const override;
  http::Response refused() const override;
  http::Response used_up() const override;
  http::Response look_up(const VendorRequest& request) override;
};

class GreyNoiseLab final : public IntelLab {
  std::string given_key(const VendorRequest& request) const override;
  http::Response refused() const override;
  http::Response used_up() const override;
  http::Response look_up(const VendorRequest& request) override;
};

class OtxLab final : public IntelLab {
  std::string given_key(const VendorRequest& request) const override;
  http::Response refused() const override;
  http::Response used_up() const override;
  http::Response look_up(const VendorRequest& request) override;
};

class ShodanLab final : public IntelLab {
  std::string given_key(const VendorRequest& request) const override;
  http::Response refused() const override;
  http::Response used_up() const override;
  http::Response look_up(const VendorRequest& request) override;
};

class UrlhausLab final : public IntelLab {
  std::string given_key(const VendorRequest& request) const override;
  http::Response refused() const override;
  http::Response used_up() const override;
  http::Response look_up(const VendorRequest& request) override;
};

class ThreatFoxLab final : public IntelLab {
  std::string given_key(const VendorRequest& request) const override;
  http::Response refused() const override;
  http::Response used_up() const override;
  http::Response look_up(const VendorRequest& request) override;
};

class MispLab final : public IntelLab {
  std::string given_key(const VendorRequest& request) const override;
  http::Response refused() const override;
  http::Response used_up() const override;
  http::Response look_up(const VendorRequest& request) override;
};

class OpenCtiLab final : public IntelLab {
  std::string given_key(const VendorRequest& request) const override;
  http::Response refused() const override;
  http::Response used_up() const override;
  http::Response look_up(const VendorRequest& request) override;
};

}  // namespace sallyport::lab
