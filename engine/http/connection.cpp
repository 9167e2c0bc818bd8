#include "engine/http/connection.hpp"

#include "engine/http/codec.hpp"
#include "engine/http/problem.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <array>

namespace sallyport::http {

namespace {

constexpr std::size_t read_bytes = 16384;
constexpr std::size_t linger_bytes = 1 << 20;

/// One connection: what was read and not yet understood, and how to answer.
class Connection {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): the buffer is read into first
  Connection(Transport& transport,
             const Handler& handler,
             const ServerLimits& limits,
             const ConnectionInfo& info,
             ConnectionState& state)
      : transport_{transport}, handler_{handler}, limits_{limits}, info_{info}, state_{state} {}

  asio::awaitable<void> run() {
    for (std::size_t served = 1; co_await serve_one(served < limits_.requests_per_connection);
         ++served) {
    }
    transport_.abort();
  }

 private:
  using Requests = Decoder<Request>;

  /// Reads, asks, answers. False: the connection is over.
  asio::awaitable<bool> serve_one(bool may_stay) {
    Requests decoder{{.header_bytes = limits_.header_bytes, .body_bytes = limits_.body_bytes}};
    if (!co_await read_request(decoder)) co_return false;

    auto request = decoder.take();
    const bool head = request.method == "HEAD";
    std::exception_ptr thrown;
    Result<Response> answer = fail(Errc::cancelled, "");
    try {
      answer = co_await handler_(std::move(request), info_);
    } catch (...) {
      thrown = std::current_exception();
    }
    if (thrown) {
      co_await refuse(500, "the engine made a mistake; see its log");
      std::rethrow_exception(thrown);
    }
    auto response = answer ? *std::move(answer) : to_response(answer.error());
    const Framing framing{.keep_alive = may_stay && decoder.keep_alive() && !state_.draining,
                          .body_omitted = head,
                          .http_1_0 = decoder.http_1_0()};
    if (response.stream && !head) {
      co_await stream(std::move(response), framing);
      co_return false;
    }
    const auto sent = co_await send(response, framing);
    state_.idle = true;
    if (!sent) co_return false;
    if (!framing.keep_alive) co_await say_goodbye();
    co_return framing.keep_alive && !state_.draining;
  }

  /// Fills `decoder` with one request. False: there is none, and what was to be said is said.
  asio::awaitable<bool> read_request(Requests& decoder) {
    auto deadline = Deadline::in(rest_.empty() ? limits_.idle : limits_.header);
    bool header_seen = false;
    while (true) {
      if (!rest_.empty()) {
        state_.idle = false;
        const auto used = decoder.push(rest_);
        if (!used) {
          co_await refuse(decoder.refusal(), used.error().detail);
          co_return false;
        }
        rest_.remove_prefix(*used);
        if (decoder.done()) co_return true;
        if (decoder.header_done() && !header_seen) {
          header_seen = true;
          deadline = Deadline::in(limits_.body);
          if (decoder.expects_continue() && !co_await write(std::string{continue_line}))
            co_return false;
        }
      }
      const auto n = co_await with_deadline(deadline, transport_.read_some(buffer_));
      if (!n && n.error().code == Errc::expired && decoder.started())
        co_await refuse(408, "the request did not come in time");
      if (!n || *n == 0) co_return false;
      if (!decoder.started()) deadline = Deadline::in(limits_.header);
      rest_ = {buffer_.data(), *n};
    }
  }

  asio::awaitable<bool> write(std::string bytes) {
    const auto written =
        co_await with_deadline(Deadline::in(limits_.write), transport_.write(std::move(bytes)));
    co_return written.has_value();
  }

  asio::awaitable<bool> send(const Response& response, Framing framing) {
    auto bytes = encode(response, framing);
    if (!bytes) {
      const Problem problem{.status = 500, .detail = "the answer could not be written"};
      bytes = encode(to_response(problem), framing);
    }
    co_return co_await write(*std::move(bytes));
  }

  asio::awaitable<void> refuse(int status, std::string detail) {
    const Problem problem{.status = status, .detail = std::move(detail)};
    if (co_await send(to_response(problem), {.keep_alive = false})) co_await say_goodbye();
  }

  /// Closes so that the client can still read the answer: closing over unread bytes would reset
  /// the connection and take the answer away from it.
  asio::awaitable<void> say_goodbye() {
    const auto gone = co_await with_deadline(Deadline::in(limits_.linger), drain());
    (void)gone;  // the connection ends either way
  }

  Task<> drain() {
    const auto finished = co_await transport_.finish();
    if (!finished) co_return finished;
    for (std::size_t total = 0; total < linger_bytes;) {
      const auto n = co_await transport_.read_some(buffer_);
      if (!n || *n == 0) break;
      total += *n;
    }
    co_return co_await transport_.close();
  }

  /// Sends the head, then what the source gives, until it ends or the client is gone.
  asio::awaitable<void> stream(Response response, Framing framing) {
    using namespace asio::experimental::awaitable_operators;
    framing.keep_alive = false;
    framing.chunked = !framing.http_1_0;
    const auto source = std::move(response.stream);
    auto head = encode(response, framing);
    if (!head) {
      co_await refuse(500, "the answer could not be written");
      co_return;
    }
    if (framing.chunked) *head += encode_chunk(response.body);
    if (!co_await write(*std::move(head))) co_return;
    // operator|| hides what its first side throws until the second one ends, so pump() keeps it.
    std::exception_ptr thrown;
    const auto first =
        co_await (pump_safely(source, framing.chunked, thrown) || until_client_goes());
    if (thrown && first.index() == 0) std::rethrow_exception(thrown);
  }

  asio::awaitable<void> pump_safely(const BodySource& source,
                                    bool chunked,
                                    std::exception_ptr& thrown) {
    try {
      co_await pump(source, chunked);
    } catch (...) {
      thrown = std::current_exception();
    }
  }

  asio::awaitable<void> pump(const BodySource& source, bool chunked) {
    while (true) {
      auto piece = co_await source();
      if (!piece) co_return;  // not ended properly: the client must see that
      if (!*piece) break;
      if ((*piece)->empty()) continue;
      if (!co_await write(chunked ? encode_chunk(**piece) : *std::move(*piece))) co_return;
    }
    if (!chunked || co_await write(std::string{last_chunk})) {
      const auto closed = co_await with_deadline(Deadline::in(limits_.linger), transport_.close());
      (void)closed;  // the connection ends either way
    }
  }

  /// What a client sends during a streamed answer is not read as a request: the connection closes
  /// after it.
  asio::awaitable<void> until_client_goes() {
    while (true) {
      const auto n = co_await transport_.read_some(buffer_);
      if (!n || *n == 0) co_return;
    }
  }

  Transport& transport_;
  const Handler& handler_;
  const ServerLimits& limits_;
  const ConnectionInfo& info_;
  ConnectionState& state_;
  std::array<char, read_bytes> buffer_;
  std::string_view rest_;  ///< The part of buffer_ that is not yet understood.
};

}  // namespace

asio::awaitable<void> serve_connection(Transport& transport,
                                       const Handler& handler,
                                       ServerLimits limits,
                                       ConnectionInfo info,
                                       ConnectionState& state) {
  const auto connection = std::make_unique<Connection>(transport, handler, limits, info, state);
  co_await connection->run();
}

}  // namespace sallyport::http
