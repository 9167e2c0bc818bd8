#pragma once

#include "engine/http/message.hpp"
#include "engine/http/transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace sallyport::http {

/// All that bounds a server and its connections.
struct ServerLimits {
  std::size_t connections = 1024;           ///< More are answered 503 and closed.
  std::uint32_t header_bytes = 16 * 1024;   ///< Request line, fields, trailers.
  std::uint64_t body_bytes = 32ULL << 20U;  ///< Of one request.
  std::size_t requests_per_connection = 100'000;
  std::chrono::milliseconds handshake{5'000};
  std::chrono::milliseconds header{10'000};  ///< From a request's first byte to its last field.
  std::chrono::milliseconds body{30'000};    ///< From there to the last byte of the body.
  std::chrono::milliseconds idle{60'000};    ///< Between two requests.
  std::chrono::milliseconds write{30'000};   ///< For the client to take an answer or a chunk.
  std::chrono::milliseconds linger{1'000};   ///< For a refused client to stop talking.
};

/// Who asks.
struct ConnectionInfo {
  std::string peer;  ///< Address and port.
  bool tls = false;
};

/// Answers one request. An Error becomes a problem document. What it throws ends the connection
/// after a 500 and is thrown on to the TaskGroup.
using Handler = std::function<Task<Response>(Request, ConnectionInfo)>;

/// What a server and its connection know of each other.
struct ConnectionState {
  bool idle = true;       ///< No request has begun: may be closed without loss.
  bool draining = false;  ///< The answer under way is the last.
};

/// Serves one connection until it ends: reads requests one after the other (pipelined ones wait),
/// refuses what is malformed or too much with the proper status, and writes the answers.
///
/// `transport`, `handler` and `state` outlive the task. Ends when the client goes, when a limit is
/// passed, after an answer that closes, or when cancelled.
asio::awaitable<void> serve_connection(Transport& transport,
                                       const Handler& handler,
                                       ServerLimits limits,
                                       ConnectionInfo info,
                                       ConnectionState& state);

}  // namespace sallyport::http
