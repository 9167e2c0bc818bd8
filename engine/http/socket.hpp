#pragma once

#include "engine/http/tls.hpp"
#include "engine/http/transport.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sallyport::http {

struct Endpoint {
  std::string host;  ///< A name or an address; also what the certificate has to carry.
  std::string port;
};

/// Says whether a connection to an address may be made; an error says why not.
using MayConnect = std::function<Result<>(const asio::ip::address&)>;

/// The way to an endpoint.
struct Route {
  MayConnect may_connect{};  ///< Asked for each address before it is connected to; empty: any.
  std::optional<Endpoint> proxy{};  ///< An HTTP proxy that is asked for a tunnel (CONNECT).
};

/// Resolves, connects and, with `tls` (else nullptr), completes the handshake with the certificate
/// checked against `endpoint.host`. The socket lives on `executor`; `tls` is kept as long as the
/// transport.
///
/// A name service that hangs does not hold back cancellation: its late answer is dropped. With a
/// proxy it is the proxy's address that is resolved and asked about: the proxy finds the endpoint.
/// Errors: unavailable (the detail names the phase), invalid_input (no usable host), denied (no
/// address that may be connected to), cancelled.
Task<std::unique_ptr<Transport>> connect(asio::any_io_executor executor,
                                         Endpoint endpoint,
                                         std::shared_ptr<TlsContext> tls,
                                         Route route = {});

/// Begins TLS on a connection of connect() that had none, where the protocol has agreed on it
/// (STARTTLS), with the certificate checked against `host`. Whoever read from `plain` has nothing
/// left that came before.
/// Errors: unavailable, invalid_input (no usable host, TLS already), cancelled.
Task<std::unique_ptr<Transport>> start_tls(std::unique_ptr<Transport> plain,
                                           std::string host,
                                           std::shared_ptr<TlsContext> tls);

/// The server's side of an accepted socket; with `tls` the handshake is made here.
/// Errors: unavailable, cancelled.
Task<std::unique_ptr<Transport>> serve_socket(asio::ip::tcp::socket socket,
                                              std::shared_ptr<TlsContext> tls);

}  // namespace sallyport::http
