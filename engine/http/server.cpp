#include "engine/http/server.hpp"

#include "engine/http/codec.hpp"
#include "engine/http/problem.hpp"
#include "engine/http/socket.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace sallyport::http {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

/// How long to wait when the system has no descriptors or memory for one more connection.
constexpr std::chrono::milliseconds after_a_failed_accept{100};

std::string describe(const tcp::endpoint& peer) {
  return fmt::format("{}:{}", peer.address().to_string(), peer.port());
}

/// One try, without waiting: whoever comes over the limit must not cost more.
void turn_away(tcp::socket socket, bool tls) {
  error_code ignored;
  if (!tls) {
    const Problem problem{.status = 503, .detail = "too many connections; try again later"};
    auto response = to_response(problem);
    response.headers.emplace_back("Retry-After", "1");
    const auto bytes = encode(response, {.keep_alive = false});
    socket.non_blocking(true, ignored);
    if (bytes) socket.write_some(asio::buffer(*bytes), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  }
  socket.close(ignored);
}

Result<> bind(tcp::acceptor& acceptor, const ServerOptions& options) {
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error)
    return fail(Errc::invalid_input,
                fmt::format("'{}' is no address to listen on", options.address));
  const tcp::endpoint endpoint{address, options.port};
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error)
    return fail(Errc::unavailable,
                fmt::format("cannot listen on {}: {}", describe(endpoint), error.message()));
  return {};
}

}  // namespace

Server::Server(asio::any_io_executor executor,
               ServerOptions options,
               Handler handler,
               std::function<void(std::exception_ptr)> on_failure)
    : executor_{std::move(executor)},
      options_{std::move(options)},
      handler_{std::move(handler)},
      acceptor_{executor_},
      drained_{executor_},
      accepting_{executor_, on_failure},
      connections_{executor_, on_failure} {}

Result<std::unique_ptr<Server>> Server::listen(asio::any_io_executor executor,
                                               ServerOptions options,
                                               Handler handler,
                                               std::function<void(std::exception_ptr)> on_failure) {
  std::unique_ptr<Server> server{new Server{
      std::move(executor), std::move(options), std::move(handler), std::move(on_failure)}};
  const auto bound = bind(server->acceptor_, server->options_);
  if (!bound) return std::unexpected{bound.error()};
  server->port_ = server->acceptor_.local_endpoint().port();
  (void)server->accepting_.spawn(server->accept());  // a new group admits
  return server;
}

asio::awaitable<void> Server::accept() {
  while (!stopping_) {
    auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
    if (error == asio::error::connection_aborted) continue;  // that client is gone already
    if (error) {
      asio::steady_timer pause{executor_, after_a_failed_accept};
      const auto [woken] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
      if (woken) co_return;
      continue;
    }
    ++counters_.accepted;
    if (live_.size() >= options_.limits.connections) {
      ++counters_.turned_away;
      turn_away(std::move(socket), options_.tls != nullptr);
      continue;
    }
    const auto live = live_.emplace(live_.end());
    if (!connections_.spawn(serve(std::move(socket), live))) live_.erase(live);
  }
}

asio::awaitable<void> Server::serve(tcp::socket socket, std::list<Live>::iterator live) {
  struct Leave {
    Server& server;
    std::list<Live>::iterator live;

    ~Leave() {
      server.live_.erase(live);
      if (server.live_.empty()) server.drained_.cancel();
    }
  };

  const Leave leave{*this, live};
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) co_return;
  ConnectionInfo info{.peer = describe(peer), .tls = options_.tls != nullptr};
  auto handshake = serve_socket(std::move(socket), options_.tls);
  auto transport =
      co_await with_deadline(Deadline::in(options_.limits.handshake), std::move(handshake));
  if (!transport || stopping_) co_return;
  live->transport = *std::move(transport);
  co_await serve_connection(
      *live->transport, handler_, options_.limits, std::move(info), live->state);
}

asio::awaitable<void> Server::stop(Deadline deadline) {
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  // Before the first wait: an answer that is written from now on says that it is the last.
  for (auto& live : live_) {
    live.state.draining = true;
    if (live.transport && live.state.idle) live.transport->abort();
  }
  co_await accepting_.close();
  drained_.expires_at(deadline.at());
  if (!live_.empty()) {
    const auto [woken] = co_await drained_.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)woken;  // the last one has left, or the deadline has passed
  }
  co_await connections_.close();
}

}  // namespace sallyport::http
