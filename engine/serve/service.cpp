#include "engine/serve/service.hpp"

#include <fmt/format.h>

namespace sallyport::serve {

Service::Service(asio::any_io_executor executor,
                 ServiceOptions& options,
                 Backend& backend,
                 Access access,
                 const Clock& clock)
    : events_{std::move(executor),
              options.events,
              fmt::format("{:x}", clock.now().time_since_epoch().count())},
      api_{backend, std::move(access), events_, clock, std::move(options.api)} {}

Result<std::unique_ptr<Service>> Service::start(
    asio::any_io_executor executor,
    ServiceOptions options,
    Backend& backend,
    Access access,
    const Clock& clock,
    std::function<void(std::exception_ptr)> on_failure) {
  std::unique_ptr<Service> service{
      new Service{executor, options, backend, std::move(access), clock}};
  auto handler = [api = &service->api_](http::Request request, http::ConnectionInfo connection) {
    return api->handle(std::move(request), std::move(connection));
  };
  auto server = http::Server::listen(
      executor, std::move(options.server), std::move(handler), std::move(on_failure));
  if (!server) return std::unexpected{server.error()};
  service->server_ = *std::move(server);
  return service;
}

asio::awaitable<void> Service::stop(Deadline deadline) {
  events_.close();
  co_await server_->stop(deadline);
}

}  // namespace sallyport::serve
