#pragma once

#include "engine/base/result.hpp"

#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;  // NOLINT(readability-identifier-naming): the name is Asio's
}

namespace sallyport::http {

/// Whom a client trusts and who it is. Verification cannot be switched off.
struct ClientTls {
  std::string ca_file;           ///< PEM; empty: the system's authorities.
  std::string certificate_file;  ///< PEM chain, where the server asks for one; empty: none.
  std::string key_file;
};

/// Who a server is.
struct ServerTls {
  std::string certificate_file;  ///< PEM, leaf first.
  std::string key_file;
  std::string client_ca_file;  ///< Clients must carry a certificate of this authority; empty: none.
};

/// The settings of TLS connections, read once: TLS 1.2 or newer. Immutable; thread-safe.
class TlsContext {
 public:
  /// Errors: invalid_input, naming the file that cannot be used.
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> client(const ClientTls& settings);
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> server(const ServerTls& settings);

  explicit TlsContext(std::unique_ptr<boost::asio::ssl::context> context);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] boost::asio::ssl::context& native() noexcept { return *context_; }

 private:
  std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace sallyport::http
