#pragma once

#include "engine/http/tls.hpp"
#include "engine/http/transport.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

namespace sallyport::http {

struct Endpoint {
  std::string host;  ///< A name or an address; also what the certificate has to carry.
  std::string port;
};

/// Resolves, connects and, with `tls` (else nullptr), completes the handshake with the certificate
/// checked against `endpoint.host`. The socket lives on `executor`; `tls` is kept as long as the
/// transport.
///
/// A name service that hangs does not hold back cancellation: its late answer is dropped.
/// Errors: unavailable (the detail names the phase), invalid_input (no usable host), cancelled.
Task<std::unique_ptr<Transport>> connect(asio::any_io_executor executor,
                                         Endpoint endpoint,
                                         std::shared_ptr<TlsContext> tls);

/// The server's side of an accepted socket; with `tls` the handshake is made here.
/// Errors: unavailable, cancelled.
Task<std::unique_ptr<Transport>> serve_socket(asio::ip::tcp::socket socket,
                                              std::shared_ptr<TlsContext> tls);

}  // namespace sallyport::http
