#pragma once

#include "engine/base/deadline.hpp"
#include "engine/base/task_group.hpp"
#include "engine/http/connection.hpp"
#include "engine/http/tls.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace sallyport::http {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;           ///< 0: any that is free; see Server::port().
  std::shared_ptr<TlsContext> tls;  ///< nullptr: plain.
  ServerLimits limits;
};

struct ServerCounters {
  std::uint64_t accepted = 0;
  std::uint64_t turned_away = 0;  ///< Over the limit of connections.
};

/// Listens and serves each connection in a coroutine of its own.
///
/// Not thread-safe: constructed, called and destroyed on `executor`, which runs one handler at a
/// time. The handler runs there too and may hop away and back. stop() before destruction.
class Server {
 public:
  /// Binds and begins to accept. `on_failure` receives what a handler threw; it must not throw.
  /// Errors: invalid_input (no address), unavailable (in use, not permitted).
  [[nodiscard]] static Result<std::unique_ptr<Server>> listen(
      asio::any_io_executor executor,
      ServerOptions options,
      Handler handler,
      std::function<void(std::exception_ptr)> on_failure);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  [[nodiscard]] const ServerCounters& counters() const noexcept { return counters_; }

  [[nodiscard]] std::size_t connections() const noexcept { return live_.size(); }

  /// Admits nobody more, closes idle connections, lets requests in flight end until `deadline`,
  /// then cancels them. Afterwards no coroutine of the server is left. Call it once.
  asio::awaitable<void> stop(Deadline deadline);

 private:
  struct Live {
    ConnectionState state;
    std::unique_ptr<Transport> transport;
  };

  Server(asio::any_io_executor executor,
         ServerOptions options,
         Handler handler,
         std::function<void(std::exception_ptr)> on_failure);

  asio::awaitable<void> accept();
  asio::awaitable<void> serve(asio::ip::tcp::socket socket, std::list<Live>::iterator live);

  asio::any_io_executor executor_;
  ServerOptions options_;
  Handler handler_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer drained_;  ///< Cancelled when the last connection has ended.
  std::list<Live> live_;
  ServerCounters counters_;
  std::uint16_t port_ = 0;
  bool stopping_ = false;
  TaskGroup accepting_;
  TaskGroup connections_;
};

}  // namespace sallyport::http
