#include "engine/http/server.hpp"

#include "engine/http/client.hpp"
#include "engine/http/socket.hpp"
#include "tests/base/run.hpp"
#include "tests/http/certificate.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <array>

namespace sallyport::http {
namespace {

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;
using sallyport::testing::run;

Task<Response> echo_to_local(Request request, ConnectionInfo info) {
  EXPECT_TRUE(info.peer.starts_with("127.0.0.1:"));
  co_return Response{.body = request.method + ' ' + request.target + ' ' + request.body};
}

void no_failure(std::exception_ptr) {
  ADD_FAILURE() << "a handler threw";
}

Deadline in_time() {
  return Deadline::in(10s);
}

Call call(const Server& server, bool tls, std::string target, std::string body = "") {
  return {.origin = {.tls = tls, .host = "localhost", .port = std::to_string(server.port())},
          .request = {.method = body.empty() ? "GET" : "POST",
                      .target = std::move(target),
                      .body = std::move(body)},
          .header_limit_bytes = 8192,
          .body_limit_bytes = 64 << 20};
}

std::unique_ptr<Server> serve(const asio::any_io_executor& executor,
                              Handler handler,
                              ServerLimits limits = {},
                              std::shared_ptr<TlsContext> tls = nullptr) {
  return Server::listen(executor, {.tls = std::move(tls), .limits = limits}, handler, no_failure)
      .value();
}

asio::awaitable<void> round_trip(std::shared_ptr<TlsContext> server_tls,
                                 std::shared_ptr<TlsContext> client_tls) {
  const auto executor = co_await asio::this_coro::executor;
  const auto server = serve(executor, echo_to_local, {}, server_tls);
  Client client{executor, client_tls, {}};
  const bool tls = server_tls != nullptr;
  for (int i = 0; i < 3; ++i) {
    const auto response = co_await client.send(call(*server, tls, "/a", "hello"), in_time());
    EXPECT_TRUE(response) << response.error().detail;
    if (response) EXPECT_EQ(response->body, "POST /a hello");
  }
  const std::string big(3 << 20, 'x');
  const auto response = co_await client.send(call(*server, tls, "/b", big), in_time());
  EXPECT_TRUE(response && response->body.size() == big.size() + 8);
  EXPECT_EQ(server->counters().accepted, 1U) << "the connection was not kept";
  co_await server->stop(Deadline::in(1s));
  EXPECT_EQ(server->connections(), 0U);
}

TEST(Server, AnswersOverOneKeptConnection) {
  run(round_trip(nullptr, nullptr));
}

TEST(Server, AnswersOverTls) {
  const testing::Certificate certificate{"localhost"};
  run(round_trip(TlsContext::server({.certificate_file = certificate.certificate_file(),
                                     .key_file = certificate.key_file()})
                     .value(),
                 TlsContext::client({.ca_file = certificate.certificate_file()}).value()));
}

TEST(Server, AsksAClientForItsCertificateWhereItIsTold) {
  const testing::Certificate certificate{"localhost"};
  const auto server_tls = TlsContext::server({.certificate_file = certificate.certificate_file(),
                                              .key_file = certificate.key_file(),
                                              .client_ca_file = certificate.certificate_file()})
                              .value();
  run(round_trip(server_tls,
                 TlsContext::client({.ca_file = certificate.certificate_file(),
                                     .certificate_file = certificate.certificate_file(),
                                     .key_file = certificate.key_file()})
                     .value()));
}

asio::awaitable<void> refused_body() {
  const auto executor = co_await asio::this_coro::executor;
  ServerLimits limits;
  limits.body_bytes = 1000;
  const auto server = serve(executor, echo_to_local, limits);
  Client client{executor, nullptr, {}};
  const auto response =
      co_await client.send(call(*server, false, "/a", std::string(200'000, 'x')), in_time());
  EXPECT_TRUE(response) << response.error().detail;
  if (response) EXPECT_EQ(response->status, 413);
  co_await server->stop(Deadline::in(1s));
}

TEST(Server, LetsARefusedClientReadWhy) {
  run(refused_body());
}

asio::awaitable<void> over_the_limit() {
  const auto executor = co_await asio::this_coro::executor;
  ServerLimits limits;
  limits.connections = 1;
  const auto server = serve(executor, echo_to_local, limits);
  Client first{executor, nullptr, {}};
  EXPECT_TRUE(co_await first.send(call(*server, false, "/a"), in_time()));
  Client second{executor, nullptr, {}};
  const auto turned_away = co_await second.send(call(*server, false, "/b"), in_time());
  EXPECT_TRUE(!turned_away || turned_away->status == 503);
  EXPECT_EQ(server->counters().turned_away, 1U);
  EXPECT_TRUE(co_await first.send(call(*server, false, "/c"), in_time()));
  co_await server->stop(Deadline::in(1s));
}

TEST(Server, TurnsAwayWhoeverComesOverTheLimit) {
  run(over_the_limit());
}

/// A handler that waits until the test opens it.
struct Door {
  explicit Door(const asio::any_io_executor& executor)
      : timer{executor, asio::steady_timer::time_point::max()},
        inside{executor, asio::steady_timer::time_point::max()} {}

  Handler handler() {
    return [this](Request, ConnectionInfo) -> Task<Response> {
      inside.expires_at(asio::steady_timer::time_point::min());
      const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      finished = !error;
      co_return Response{.body = "done"};
    };
  }

  asio::awaitable<void> until_inside() {
    const auto [error] = co_await inside.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)error;
  }

  void open() { timer.expires_at(asio::steady_timer::time_point::min()); }

  asio::steady_timer timer;
  asio::steady_timer inside;
  bool finished = false;
};

asio::awaitable<void> stops_gracefully() {
  const auto executor = co_await asio::this_coro::executor;
  Door door{executor};
  const auto server = serve(executor, door.handler());
  Client client{executor, nullptr, {}};
  Result<Response> answer = fail(Errc::cancelled, "");
  const auto ask = [&]() -> asio::awaitable<void> {
    answer = co_await client.send(call(*server, false, "/slow"), in_time());
  };
  const auto stop = [&]() -> asio::awaitable<void> {
    co_await door.until_inside();
    const auto stopping = [&]() -> asio::awaitable<void> { co_await server->stop(in_time()); };
    const auto opening = [&]() -> asio::awaitable<void> {
      door.open();
      co_return;
    };
    co_await (stopping() && opening());
  };
  co_await (ask() && stop());
  EXPECT_TRUE(answer && answer->body == "done");
  if (answer) EXPECT_NE(find(answer->headers, "Connection"), nullptr);
  EXPECT_EQ(server->connections(), 0U);
  const auto late = co_await client.send(call(*server, false, "/late"), in_time());
  EXPECT_FALSE(late);
}

TEST(Server, FinishesWhatIsInFlightWhenItStops) {
  run(stops_gracefully());
}

asio::awaitable<void> stops_hard() {
  const auto executor = co_await asio::this_coro::executor;
  Door door{executor};
  const auto server = serve(executor, door.handler());
  Client client{executor, nullptr, {}};
  Result<Response> answer = Response{};
  const auto ask = [&]() -> asio::awaitable<void> {
    answer = co_await client.send(call(*server, false, "/slow"), in_time());
  };
  const auto stop = [&]() -> asio::awaitable<void> {
    co_await door.until_inside();
    co_await server->stop(Deadline::in(1ms));
  };
  co_await (ask() && stop());
  EXPECT_FALSE(answer);
  EXPECT_FALSE(door.finished);
  EXPECT_EQ(server->connections(), 0U);
}

TEST(Server, CancelsWhatIsStillInFlightAtTheDeadline) {
  run(stops_hard());
}

asio::awaitable<void> streams() {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer gone{executor, asio::steady_timer::time_point::max()};
  bool ended = false;
  const Handler handler = [&](Request, ConnectionInfo) -> Task<Response> {
    Response response;
    int n = 0;
    response.stream = [&, n]() mutable -> Task<std::optional<std::string>> {
      if (n++ < 3) co_return "event" + std::to_string(n);
      asio::steady_timer never{executor, asio::steady_timer::time_point::max()};
      const auto [error] = co_await never.async_wait(asio::as_tuple(asio::use_awaitable));
      (void)error;
      ended = true;
      gone.expires_at(asio::steady_timer::time_point::min());
      co_return fail(Errc::cancelled, "client gone");
    };
    co_return response;
  };
  const auto server = serve(executor, handler);
  {
    Client client{executor, nullptr, {}};
    auto answer = co_await client.open(call(*server, false, "/stream"), in_time());
    EXPECT_TRUE(answer);
    std::string seen;
    while (answer && seen != "event1event2event3") {
      const auto piece = co_await answer->next(in_time());
      EXPECT_TRUE(piece && *piece);
      if (!piece || !*piece) break;
      seen += **piece;
    }
  }
  const auto [error] = co_await gone.async_wait(asio::as_tuple(asio::use_awaitable));
  (void)error;
  EXPECT_TRUE(ended) << "the source was not told that the client is gone";
  co_await server->stop(Deadline::in(1s));
}

TEST(Server, StreamsUntilTheClientGoes) {
  run(streams());
}

asio::awaitable<void> keeps_silence(bool tls_server, std::shared_ptr<TlsContext> tls) {
  const auto executor = co_await asio::this_coro::executor;
  ServerLimits limits;
  limits.header = limits.handshake = limits.linger = 5ms;
  limits.idle = 5ms;
  const auto server = serve(executor, echo_to_local, limits, tls_server ? tls : nullptr);
  auto transport = co_await connect(
      executor, {.host = "127.0.0.1", .port = std::to_string(server->port())}, nullptr);
  EXPECT_TRUE(transport);
  if (!transport) co_return;
  EXPECT_TRUE(co_await (*transport)->write(tls_server ? "\x16" : "GET / HT"));
  std::string seen;
  std::array<char, 1024> buffer{};
  while (true) {
    const auto n = co_await with_deadline(in_time(), (*transport)->read_some(buffer));
    if (!n || *n == 0) {
      EXPECT_TRUE(n || n.error().code == Errc::unavailable) << "the server did not hang up";
      break;
    }
    seen.append(buffer.data(), *n);
  }
  EXPECT_EQ(seen.starts_with("HTTP/1.1 408 "), !tls_server);
  co_await server->stop(Deadline::in(1s));
}

TEST(Server, HangsUpOnAClientThatIsTooSlow) {
  const testing::Certificate certificate{"localhost"};
  const auto tls = TlsContext::server({.certificate_file = certificate.certificate_file(),
                                       .key_file = certificate.key_file()})
                       .value();
  run(keeps_silence(false, tls));
  run(keeps_silence(true, tls));
}

asio::awaitable<void> listens_badly() {
  const auto executor = co_await asio::this_coro::executor;
  const auto nowhere =
      Server::listen(executor, {.address = "not an address"}, echo_to_local, no_failure);
  EXPECT_EQ(nowhere.error().code, Errc::invalid_input);
  const auto server = serve(executor, echo_to_local);
  const auto taken = Server::listen(executor, {.port = server->port()}, echo_to_local, no_failure);
  EXPECT_EQ(taken.error().code, Errc::unavailable);
  co_await server->stop(Deadline::in(1s));
}

TEST(Server, SaysWhyItCannotListen) {
  run(listens_badly());
}

}  // namespace
}  // namespace sallyport::http
