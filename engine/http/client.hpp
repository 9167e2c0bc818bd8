#pragma once

#include "engine/base/deadline.hpp"
#include "engine/http/message.hpp"
#include "engine/http/pool.hpp"
#include "engine/http/tls.hpp"
#include "engine/http/url.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sallyport::http {

/// One request to one origin. The client adds Host.
struct Call {
  Origin origin;
  Request request;
  std::uint32_t header_limit_bytes = 0;  ///< Of the answer. 0 lets nothing through: say it.
  std::uint64_t body_limit_bytes = 0;    ///< Of the whole answer, also of a streamed one.
  /// Called before the first byte of the request leaves: what fails without it had no effect.
  std::function<void()> on_sending{};
};

/// An answer whose body is read as it comes.
///
/// Not thread-safe. Must not outlive its Client. Destroying it early closes the connection.
class StreamedResponse {
 public:
  struct Exchange;

  explicit StreamedResponse(std::unique_ptr<Exchange> exchange);
  ~StreamedResponse();
  StreamedResponse(StreamedResponse&&) noexcept;
  StreamedResponse& operator=(StreamedResponse&&) noexcept;

  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] const Headers& headers() const noexcept;

  /// The next piece of the body as it arrived, nothing at its end.
  /// Errors: expired, cancelled, unavailable, invalid_input (malformed, over a limit); after an
  /// error there is no more.
  Task<std::optional<std::string>> next(Deadline deadline);

 private:
  std::unique_ptr<Exchange> exchange_;
};

/// Speaks HTTP/1.1 over kept connections. Follows no redirect.
///
/// A request that may be repeated (GET, HEAD, PUT, DELETE, OPTIONS) is sent once more when a kept
/// connection turns out to be closed; no other is ever sent twice.
///
/// Thread-safe: callers run side by side, each on an executor that runs one handler at a time. Must
/// outlive its calls.
class Client {
 public:
  /// Sockets live on `executor`. `tls` is for origins with TLS; nullptr: they are refused.
  Client(asio::any_io_executor executor, std::shared_ptr<TlsContext> tls, PoolLimits limits);
  /// Over any transport.
  Client(Pool::Connect connect, PoolLimits limits);

  /// Errors: unavailable (connection failed or broke), expired, cancelled, invalid_input (a request
  /// that cannot be written, an answer that is malformed or over a limit). A status of 400 or more
  /// is an answer, not an error.
  Task<Response> send(Call call, Deadline deadline);

  /// The same up to the header of the answer; `deadline` is for that.
  Task<StreamedResponse> open(Call call, Deadline deadline);

  /// Sees to it that the next call to `origin` finds a connection open, if there is room for one.
  /// Errors: unavailable, expired, cancelled, and the others of connecting.
  Task<> warm(Origin origin, Deadline deadline);

  [[nodiscard]] std::size_t idle_connections() const { return pool_.idle(); }

 private:
  Task<std::unique_ptr<StreamedResponse::Exchange>> begin(Call call);
  Task<Response> whole(Call call);

  Pool pool_;
};

}  // namespace sallyport::http
