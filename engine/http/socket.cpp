#include "engine/http/socket.hpp"

#include "engine/base/ascii.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

namespace sallyport::http {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t longest_proxy_answer = 8192;

std::unexpected<Error> failed(std::string_view phase, error_code error) {
  const auto code = error == asio::error::operation_aborted ? Errc::cancelled : Errc::unavailable;
  return fail(code, fmt::format("{}: {}", phase, error.message()));
}

void close_now(tcp::socket& socket) noexcept {
  error_code ignored;
  socket.close(ignored);
}

bool nothing_to_read(tcp::socket& socket) noexcept {
  char byte = 0;
  const auto n = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

class TcpTransport final : public Transport {
 public:
  explicit TcpTransport(tcp::socket socket) : socket_{std::move(socket)} {}

  Task<std::size_t> read_some(std::span<char> into) override {
    const auto buffer = asio::buffer(into.data(), into.size());
    const auto [error, n] = co_await socket_.async_read_some(buffer, as_result);
    if (error == asio::error::eof) co_return 0;
    if (error) co_return failed("read", error);
    co_return n;
  }

  Task<> write(std::string bytes) override {
    const auto [error, n] = co_await asio::async_write(socket_, asio::buffer(bytes), as_result);
    if (error) co_return failed("write", error);
    co_return Result<>{};
  }

  Task<> finish() override {
    error_code error;
    socket_.shutdown(tcp::socket::shutdown_send, error);
    if (error) co_return failed("finish", error);
    co_return Result<>{};
  }

  Task<> close() override {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    close_now(socket_);
    co_return Result<>{};
  }

  void abort() noexcept override { close_now(socket_); }

  bool quiet() noexcept override { return nothing_to_read(socket_); }

  /// The socket; the transport is good for nothing then.
  tcp::socket release() { return std::move(socket_); }

 private:
  tcp::socket socket_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(tcp::socket socket, std::shared_ptr<TlsContext> tls)
      : tls_{std::move(tls)}, stream_{std::move(socket), tls_->native()} {}

  asio::ssl::stream<tcp::socket>& stream() { return stream_; }

  Task<std::size_t> read_some(std::span<char> into) override {
    const auto buffer = asio::buffer(into.data(), into.size());
    const auto [error, n] = co_await stream_.async_read_some(buffer, as_result);
    if (error == asio::error::eof) co_return 0;
    if (error) co_return failed("read", error);
    co_return n;
  }

  Task<> write(std::string bytes) override {
    const auto [error, n] = co_await asio::async_write(stream_, asio::buffer(bytes), as_result);
    if (error) co_return failed("write", error);
    co_return Result<>{};
  }

  Task<> finish() override { co_return Result<>{}; }

  Task<> close() override {
    const auto [error] = co_await stream_.async_shutdown(as_result);
    close_now(stream_.next_layer());
    if (error == asio::error::operation_aborted) co_return failed("close", error);
    co_return Result<>{};
  }

  void abort() noexcept override { close_now(stream_.next_layer()); }

  bool quiet() noexcept override {
    return SSL_pending(stream_.native_handle()) == 0 && nothing_to_read(stream_.next_layer());
  }

 private:
  std::shared_ptr<TlsContext> tls_;  ///< Before the stream, which refers to it.
  asio::ssl::stream<tcp::socket> stream_;
};

bool is_address(const std::string& host) {
  error_code error;
  (void)asio::ip::make_address(host, error);
  return !error;
}

/// Server name indication, for names only (RFC 6066); spelled out because OpenSSL's macro holds a C
/// cast.
bool announce_host(asio::ssl::stream<tcp::socket>& stream, std::string host) {
  if (is_address(host)) return true;
  return SSL_ctrl(stream.native_handle(),
                  SSL_CTRL_SET_TLSEXT_HOSTNAME,
                  TLSEXT_NAMETYPE_host_name,
                  host.data()) == 1;
}

/// Without asking anybody, where `endpoint` is an address or this machine, and a port's number.
std::optional<tcp::resolver::results_type> spelled_out(const Endpoint& endpoint) {
  std::uint16_t port = 0;
  const auto* end = endpoint.port.data() + endpoint.port.size();
  const auto read = std::from_chars(endpoint.port.data(), end, port);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  std::vector<tcp::endpoint> endpoints;
  error_code error;
  if (const auto address = asio::ip::make_address(endpoint.host, error); !error) {
    endpoints.emplace_back(address, port);
  } else if (ascii::equal_ignoring_case(endpoint.host, "localhost")) {
    // RFC 6761, 6.3: the name means this machine, whatever a name service says of it.
    endpoints.emplace_back(asio::ip::address_v4::loopback(), port);
    endpoints.emplace_back(asio::ip::address_v6::loopback(), port);
  } else {
    return std::nullopt;
  }
  return tcp::resolver::results_type::create(
      endpoints.begin(), endpoints.end(), endpoint.host, endpoint.port);
}

/// A look-up that may outlive the coroutine that asked: name service cannot be interrupted.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor)
      : resolver{executor}, done{executor, asio::steady_timer::time_point::max()} {}

  tcp::resolver resolver;
  asio::steady_timer done;
  bool finished = false;
  error_code error;
  tcp::resolver::results_type addresses;
};

Task<tcp::resolver::results_type> resolve(Endpoint endpoint) {
  if (auto known = spelled_out(endpoint)) co_return *std::move(known);
  const auto executor = co_await asio::this_coro::executor;
  const auto lookup = std::make_shared<Lookup>(executor);
  auto answer = [lookup](error_code error, tcp::resolver::results_type addresses) {
    lookup->finished = true;
    lookup->error = error;
    lookup->addresses = std::move(addresses);
    lookup->done.cancel();
  };
  lookup->resolver.async_resolve(
      endpoint.host, endpoint.port, asio::bind_executor(executor, std::move(answer)));
  const auto [woken] = co_await lookup->done.async_wait(as_result);
  (void)woken;  // the timer never fires: either the answer came or we were cancelled
  if (!lookup->finished) co_return fail(Errc::cancelled, "resolve: cancelled");
  if (lookup->error) co_return failed("resolve", lookup->error);
  co_return std::move(lookup->addresses);
}

/// Those of `found` that may be connected to. Errors: denied, with the reason of the last refusal.
Result<std::vector<tcp::endpoint>> permitted(const tcp::resolver::results_type& found,
                                             const MayConnect& may_connect) {
  std::vector<tcp::endpoint> endpoints;
  Error refusal{.code = Errc::unavailable, .detail = "resolve: no address"};
  for (const auto& entry : found) {
    const auto allowed = may_connect ? may_connect(entry.endpoint().address()) : Result<>{};
    if (allowed) {
      endpoints.push_back(entry.endpoint());
    } else {
      refusal = allowed.error();
    }
  }
  if (endpoints.empty()) return std::unexpected{std::move(refusal)};
  return endpoints;
}

/// Left to itself, Linux gives connect() every other local port, and once those to one server are
/// used up (some 14,000) goes through them all for each new connection: half a millisecond of CPU.
/// A socket that names the range itself, here whatever the system allows, gets any of its ports
/// (Linux 6.14 or newer; others ignore it).
void allow_every_local_port(tcp::socket& socket) {
  constexpr int local_port_range = 51;       // IP_LOCAL_PORT_RANGE, newer than Debian 12's headers
  constexpr std::uint32_t all = 0xffff0001;  // from 1 to 65535
  ::setsockopt(socket.native_handle(), IPPROTO_IP, local_port_range, &all, sizeof(all));
}

/// A connection to the first of `endpoints` that takes one.
Task<tcp::socket> reach(asio::any_io_executor executor, std::vector<tcp::endpoint> endpoints) {
  error_code error;
  for (const auto& endpoint : endpoints) {
    tcp::socket socket{executor};
    socket.open(endpoint.protocol(), error);
    if (error) continue;
    allow_every_local_port(socket);
    const auto [refused] = co_await socket.async_connect(endpoint, as_result);
    if (!refused) co_return std::move(socket);
    error = refused;
    if (error == asio::error::operation_aborted) break;
  }
  co_return failed("connect", error);
}

/// Asks the proxy at the other end of `socket` for a tunnel to `endpoint`.
Task<> open_tunnel(tcp::socket& socket, Endpoint endpoint) {
  const bool v6 = endpoint.host.contains(':');
  const auto authority =
      fmt::format("{}{}{}:{}", v6 ? "[" : "", endpoint.host, v6 ? "]" : "", endpoint.port);
  if (std::ranges::any_of(authority, [](unsigned char c) { return c <= 0x20 || c == 0x7f; }))
    co_return fail(Errc::invalid_input, "host name not usable for a proxy");
  const auto request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", authority);
  const auto [write_error, sent] =
      co_await asio::async_write(socket, asio::buffer(request), as_result);
  if (write_error) co_return failed("proxy", write_error);
  std::string answer;
  // Byte by byte: what follows the header is the endpoint's, not ours.
  while (!answer.ends_with("\r\n\r\n")) {
    char byte = 0;
    const auto [error, n] = co_await socket.async_read_some(asio::buffer(&byte, 1), as_result);
    if (error) co_return failed("proxy", error);
    answer += byte;
    if (answer.size() > longest_proxy_answer)
      co_return fail(Errc::unavailable, "proxy: an answer without end");
  }
  const bool granted =
      answer.size() > 12 && answer.starts_with("HTTP/1.") && answer[8] == ' ' && answer[9] == '2';
  if (!granted)
    co_return fail(Errc::unavailable,
                   fmt::format("proxy: no tunnel: {}", answer.substr(0, answer.find('\r'))));
  co_return Result<>{};
}

/// The client's side of a handshake with `host`.
Task<std::unique_ptr<Transport>> shake_hands(tcp::socket socket,
                                             std::string host,
                                             std::shared_ptr<TlsContext> tls) {
  auto transport = std::make_unique<TlsTransport>(std::move(socket), std::move(tls));
  auto& stream = transport->stream();
  if (!announce_host(stream, host))
    co_return fail(Errc::invalid_input, "host name not usable for TLS");
  stream.set_verify_mode(asio::ssl::verify_peer);
  stream.set_verify_callback(asio::ssl::host_name_verification(host));
  const auto [tls_error] =
      co_await stream.async_handshake(asio::ssl::stream_base::client, as_result);
  if (tls_error) co_return failed("tls", tls_error);
  co_return std::move(transport);
}

}  // namespace

Task<std::unique_ptr<Transport>> connect(asio::any_io_executor executor,
                                         Endpoint endpoint,
                                         std::shared_ptr<TlsContext> tls,
                                         Route route) {
  const auto addresses = co_await resolve(route.proxy.value_or(endpoint));
  if (!addresses) co_return std::unexpected{addresses.error()};
  auto allowed = permitted(*addresses, route.may_connect);
  if (!allowed) co_return std::unexpected{allowed.error()};

  auto socket = co_await reach(executor, *std::move(allowed));
  if (!socket) co_return std::unexpected{socket.error()};
  if (route.proxy) {
    const auto tunnel = co_await open_tunnel(*socket, endpoint);
    if (!tunnel) co_return std::unexpected{tunnel.error()};
  }
  error_code ignored;
  socket->set_option(tcp::no_delay{true}, ignored);
  if (!tls) co_return std::make_unique<TcpTransport>(*std::move(socket));

  co_return co_await shake_hands(*std::move(socket), endpoint.host, std::move(tls));
}

Task<std::unique_ptr<Transport>> start_tls(std::unique_ptr<Transport> plain,
                                           std::string host,
                                           std::shared_ptr<TlsContext> tls) {
  auto* tcp = dynamic_cast<TcpTransport*>(plain.get());
  if (!tcp) co_return fail(Errc::invalid_input, "that connection has TLS already");
  co_return co_await shake_hands(tcp->release(), std::move(host), std::move(tls));
}

Task<std::unique_ptr<Transport>> serve_socket(tcp::socket socket, std::shared_ptr<TlsContext> tls) {
  error_code ignored;
  socket.set_option(tcp::no_delay{true}, ignored);
  if (!tls) co_return std::make_unique<TcpTransport>(std::move(socket));
  auto transport = std::make_unique<TlsTransport>(std::move(socket), std::move(tls));
  const auto [error] =
      co_await transport->stream().async_handshake(asio::ssl::stream_base::server, as_result);
  if (error) co_return failed("tls", error);
  co_return std::move(transport);
}

}  // namespace sallyport::http
