#pragma once

#include "engine/approve/courier.hpp"
#include "engine/base/secret.hpp"
#include "engine/http/client.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

/// Notifications as signed POST requests. README.md says what a receiver has to check.
namespace sallyport::connectors::webhook {

struct Config {
  std::string url;
  std::string ca_file;  ///< PEM; empty: the system's authorities.
  std::chrono::seconds timeout{10};
};

/// The header of the signature.
inline constexpr std::string_view signature_header = "X-Sallyport-Signature";

/// `sha256=` and the HMAC-SHA-256 of `body` in hexadecimal: the value of that header.
[[nodiscard]] std::string signature(const Secret& secret, std::string_view body);

/// Posts each notification to one URL: the JSON document, signed, with its id as Idempotency-Key.
/// Any status from 200 to 299 is a receipt. Follows no redirect.
///
/// Not thread-safe: used on `executor`, which runs one handler at a time.
class Webhook final : public approve::Channel {
 public:
  /// Errors: invalid_input (the URL, the file of authorities, a secret shorter than 16 characters).
  [[nodiscard]] static Result<std::shared_ptr<Webhook>> make(const Config& config,
                                                             Secret secret,
                                                             asio::any_io_executor executor);

  /// Errors: unavailable (no answer in time, another status), cancelled, invalid_input (an answer
  /// that is no HTTP).
  Task<> deliver(model::Notification notification) override;

 private:
  Webhook(http::Url url,
          std::chrono::seconds timeout,
          Secret secret,
          std::shared_ptr<http::TlsContext> tls,
          asio::any_io_executor executor);

  http::Url url_;
  std::chrono::seconds timeout_;
  Secret secret_;
  http::Client client_;
};

}  // namespace sallyport::connectors::webhook
