#pragma once

#include "engine/http/server.hpp"
#include "engine/serve/api.hpp"
#include "engine/serve/event_hub.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

namespace sallyport::serve {

struct ServiceOptions {
  http::ServerOptions server;
  ApiOptions api;
  EventHubOptions events;
};

/// The API on a port.
///
/// Not thread-safe but for events().publish(): constructed, stopped and destroyed on `executor`,
/// which runs one handler at a time. stop() before destruction.
class Service {
 public:
  /// `backend` and `clock` must outlive it. `on_failure` receives what a handler threw.
  /// Errors: those of http::Server::listen.
  [[nodiscard]] static Result<std::unique_ptr<Service>> start(
      asio::any_io_executor executor,
      ServiceOptions options,
      Backend& backend,
      Access access,
      const Clock& clock,
      std::function<void(std::exception_ptr)> on_failure);

  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] EventHub& events() noexcept { return events_; }

  [[nodiscard]] std::uint16_t port() const noexcept { return server_->port(); }

  [[nodiscard]] const http::Server& server() const noexcept { return *server_; }

  /// Ends the streams, then stops the server as http::Server::stop() says.
  asio::awaitable<void> stop(Deadline deadline);

 private:
  Service(asio::any_io_executor executor,
          ServiceOptions& options,
          Backend& backend,
          Access access,
          const Clock& clock);

  EventHub events_;
  Api api_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace sallyport::serve
