#pragma once

#include <filesystem>
#include <string>

namespace sallyport::http::testing {

/// A self-signed certificate and its key as PEM files in a temporary directory of its own, which
/// goes when this goes.
class Certificate {
 public:
  /// `host` becomes the subject's name and alternative name (DNS, or IP when it is an address).
  explicit Certificate(const std::string& host);
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  [[nodiscard]] std::string certificate_file() const { return directory_ / "cert.pem"; }

  [[nodiscard]] std::string key_file() const { return directory_ / "key.pem"; }

 private:
  std::filesystem::path directory_;
};

}  // namespace sallyport::http::testing
