#include "engine/http/socket.hpp"
#include "tests/base/run.hpp"
#include "tests/http/certificate.hpp"
#include "tests/http/scripted_transport.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <gtest/gtest.h>

namespace sallyport::http {
namespace {

using namespace asio::experimental::awaitable_operators;
using asio::ip::tcp;
using sallyport::testing::run;

/// What each kind of Transport has to show: a peer that says "hello", then closes or stays silent.
enum class Kind { scripted, tcp, tls };

class TransportContract : public ::testing::TestWithParam<Kind> {
 protected:
  testing::Certificate certificate{"localhost"};
};

using Body = std::function<asio::awaitable<void>(Transport&)>;

asio::awaitable<void> with_socket(
    Kind kind, bool hangs, std::string files_of, std::string key, Body body) {
  const auto executor = co_await asio::this_coro::executor;
  std::shared_ptr<TlsContext> server_tls;
  std::shared_ptr<TlsContext> client_tls;
  if (kind == Kind::tls) {
    server_tls = TlsContext::server({.certificate_file = files_of, .key_file = key}).value();
    client_tls = TlsContext::client({.ca_file = files_of}).value();
  }
  tcp::acceptor acceptor{executor, {asio::ip::address_v4::loopback(), 0}};
  const auto port = std::to_string(acceptor.local_endpoint().port());
  const auto peer = [&]() -> asio::awaitable<void> {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    auto transport = co_await serve_socket(std::move(socket), server_tls);
    EXPECT_TRUE(transport);
    if (!transport) co_return;
    EXPECT_TRUE(co_await (*transport)->write("hello"));
    std::array<char, 64> buffer{};
    if (!hangs) {
      EXPECT_TRUE(co_await (*transport)->close());
      co_return;
    }
    while (true) {
      const auto n = co_await (*transport)->read_some(buffer);
      if (!n || *n == 0) co_return;
    }
  };
  const auto near = [&]() -> asio::awaitable<void> {
    auto transport = co_await connect(executor, {.host = "localhost", .port = port}, client_tls);
    EXPECT_TRUE(transport) << transport.error().detail;
    if (transport) co_await body(**transport);
    if (transport) (*transport)->abort();
  };
  co_await (peer() && near());
}

asio::awaitable<void> with_transport(
    Kind kind, bool hangs, std::string files_of, std::string key, Body body) {
  if (kind != Kind::scripted) {
    co_await with_socket(kind, hangs, files_of, key, body);
    co_return;
  }
  const auto script = std::make_shared<testing::Script>();
  script->reads = {"hello"};
  script->hangs_at_end = hangs;
  testing::ScriptedTransport transport{script};
  co_await body(transport);
}

asio::awaitable<void> read_hello(Transport& transport) {
  std::string seen;
  std::array<char, 2> buffer{};
  while (seen.size() < 5) {
    const auto n = co_await transport.read_some(buffer);
    EXPECT_TRUE(n && *n > 0);
    if (!n || *n == 0) co_return;
    seen.append(buffer.data(), *n);
  }
  EXPECT_EQ(seen, "hello");
}

asio::awaitable<void> reads_to_the_end(Transport& transport) {
  co_await read_hello(transport);
  std::array<char, 8> buffer{};
  EXPECT_EQ(co_await transport.read_some(buffer), Result<std::size_t>{0});
}

TEST_P(TransportContract, ReadsWhatThePeerWroteAndThenItsEnd) {
  run(with_transport(
      GetParam(), false, certificate.certificate_file(), certificate.key_file(), reads_to_the_end));
}

asio::awaitable<void> is_cut_short(Transport& transport) {
  co_await read_hello(transport);
  std::array<char, 8> buffer{};
  const auto n = co_await with_deadline(Deadline::in(std::chrono::milliseconds{5}),
                                        transport.read_some(buffer));
  EXPECT_FALSE(n);
  if (!n) EXPECT_EQ(n.error().code, Errc::expired);
  EXPECT_TRUE(co_await transport.write("still here"));
}

TEST_P(TransportContract, CancelsAReadAndCanStillWrite) {
  run(with_transport(
      GetParam(), true, certificate.certificate_file(), certificate.key_file(), is_cut_short));
}

asio::awaitable<void> ends_when_aborted(Transport& transport) {
  co_await read_hello(transport);
  const auto abort = [&]() -> asio::awaitable<void> {
    transport.abort();
    co_return;
  };
  const auto read = [&]() -> asio::awaitable<void> {
    std::array<char, 8> buffer{};
    const auto n = co_await transport.read_some(buffer);
    EXPECT_FALSE(n);
  };
  co_await (read() && abort());
  transport.abort();
}

TEST_P(TransportContract, EndsAWaitingReadWhenAborted) {
  run(with_transport(
      GetParam(), true, certificate.certificate_file(), certificate.key_file(), ends_when_aborted));
}

asio::awaitable<void> is_quiet(Transport& transport) {
  co_await read_hello(transport);
  EXPECT_TRUE(transport.quiet());
}

TEST_P(TransportContract, IsQuietWhileThePeerIsSilent) {
  run(with_transport(
      GetParam(), true, certificate.certificate_file(), certificate.key_file(), is_quiet));
}

std::string kind_name(const ::testing::TestParamInfo<Kind>& info) {
  switch (info.param) {
    case Kind::scripted:
      return "Scripted";
    case Kind::tcp:
      return "Tcp";
    case Kind::tls:
      return "Tls";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(All,
                         TransportContract,
                         ::testing::Values(Kind::scripted, Kind::tcp, Kind::tls),
                         kind_name);

asio::awaitable<void> refuses_peer(std::string ca,
                                   std::string cert,
                                   std::string key,
                                   std::string host) {
  const auto executor = co_await asio::this_coro::executor;
  const auto server_tls = TlsContext::server({.certificate_file = cert, .key_file = key}).value();
  const auto client_tls = TlsContext::client({.ca_file = ca}).value();
  tcp::acceptor acceptor{executor, {asio::ip::address_v4::loopback(), 0}};
  const auto port = std::to_string(acceptor.local_endpoint().port());
  const auto peer = [&]() -> asio::awaitable<void> {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    const auto transport = co_await serve_socket(std::move(socket), server_tls);
    (void)transport;
  };
  const auto near = [&]() -> asio::awaitable<void> {
    const auto transport = co_await connect(executor, {.host = host, .port = port}, client_tls);
    EXPECT_FALSE(transport);
    if (!transport) EXPECT_EQ(transport.error().code, Errc::unavailable);
  };
  co_await (peer() && near());
}

TEST(Tls, RefusesACertificateOfAnotherAuthority) {
  const testing::Certificate ours{"localhost"};
  const testing::Certificate theirs{"localhost"};
  run(refuses_peer(
      ours.certificate_file(), theirs.certificate_file(), theirs.key_file(), "localhost"));
}

TEST(Tls, RefusesACertificateForAnotherName) {
  const testing::Certificate other{"other.example"};
  run(refuses_peer(
      other.certificate_file(), other.certificate_file(), other.key_file(), "localhost"));
  run(refuses_peer(
      other.certificate_file(), other.certificate_file(), other.key_file(), "127.0.0.1"));
}

asio::awaitable<void> connects_to_nobody() {
  const auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor{executor, {asio::ip::address_v4::loopback(), 0}};
  const auto port = std::to_string(acceptor.local_endpoint().port());
  acceptor.close();
  const auto transport = co_await connect(executor, {.host = "127.0.0.1", .port = port}, nullptr);
  EXPECT_FALSE(transport);
  if (!transport) EXPECT_EQ(transport.error().code, Errc::unavailable);
}

TEST(Connect, SaysThatNobodyListens) {
  run(connects_to_nobody());
}

}  // namespace
}  // namespace sallyport::http
