#include "engine/http/client.hpp"

#include "tests/base/run.hpp"
#include "tests/http/scripted_transport.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <gtest/gtest.h>

#include <chrono>

namespace sallyport::http {
namespace {

using namespace asio::experimental::awaitable_operators;
using sallyport::testing::run;
using testing::Script;
using testing::ScriptedTransport;
using namespace std::chrono_literals;

const Origin origin{.tls = false, .host = "edr.example", .port = "80"};

/// Hands out one scripted connection after the other.
struct Peer {
  std::deque<std::shared_ptr<Script>> waiting;
  std::vector<std::shared_ptr<Script>> connected;

  std::shared_ptr<Script> add(std::deque<std::string> reads, bool hangs = true) {
    auto script = std::make_shared<Script>();
    script->reads = std::move(reads);
    script->hangs_at_end = hangs;
    waiting.push_back(script);
    return script;
  }

  Pool::Connect connect() {
    return [this](Origin) -> Task<std::unique_ptr<Transport>> {
      if (waiting.empty()) co_return fail(Errc::unavailable, "nobody listens");
      connected.push_back(waiting.front());
      waiting.pop_front();
      co_return std::make_unique<ScriptedTransport>(connected.back());
    };
  }
};

Call call(std::string method = "GET", std::string body = "") {
  return {.origin = origin,
          .request = {.method = std::move(method), .target = "/cases", .body = std::move(body)},
          .header_limit_bytes = 4096,
          .body_limit_bytes = 4096};
}

Deadline soon() {
  return Deadline::in(5s);
}

asio::awaitable<void> send(Client& client, Call what, Result<Response>& into) {
  into = co_await client.send(std::move(what), soon());
}

Result<Response> exchange(Peer& peer, Call what) {
  Client client{peer.connect(), {}};
  Result<Response> response = fail(Errc::cancelled, "did not run");
  run(send(client, std::move(what), response));
  return response;
}

TEST(Client, ReadsAnAnswerThatArrivesInPieces) {
  Peer peer;
  const auto script = peer.add({"HTTP/1.1 201 Cre", "ated\r\nContent-Length: 2\r\n\r\no", "k"});
  const auto response = exchange(peer, call("POST", "{}"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(script->written,
            "POST /cases HTTP/1.1\r\nHost: edr.example\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(Client, DoesNotTakeHalfAnAnswerForAWholeOne) {
  Peer peer;
  peer.add({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"}, false);
  EXPECT_EQ(exchange(peer, call()).error().code, Errc::unavailable);
  peer.add({"HTTP/1.1 200 OK\r\nContent-Le"}, false);
  EXPECT_EQ(exchange(peer, call()).error().code, Errc::unavailable);
}

TEST(Client, RefusesAnAnswerOverTheLimit) {
  Peer peer;
  peer.add({"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"});
  EXPECT_EQ(exchange(peer, call()).error().code, Errc::invalid_input);
  peer.add({"HTTP/1.1 200 OK\r\nX: " + std::string(5000, 'x') + "\r\n\r\n"});
  EXPECT_EQ(exchange(peer, call()).error().code, Errc::invalid_input);
}

TEST(Client, PassesOverInterimAnswers) {
  Peer peer;
  peer.add(
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
  EXPECT_EQ(exchange(peer, call())->body, "ok");
  std::string endless;
  for (int i = 0; i < 20; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
  peer.add({endless});
  EXPECT_EQ(exchange(peer, call()).error().code, Errc::invalid_input);
}

TEST(Client, ExpectsNoBodyAfterHead) {
  Peer peer;
  peer.add({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"});
  EXPECT_EQ(exchange(peer, call("HEAD"))->status, 200);
}

TEST(Client, SendsNothingThatIsNoRequest) {
  Peer peer;
  const auto script = peer.add({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  auto bad = call();
  bad.request.headers = {{"X-Host", "a\r\nX-Admin: 1"}};
  EXPECT_EQ(exchange(peer, bad).error().code, Errc::invalid_input);
  EXPECT_EQ(script->written, "");
}

TEST(Client, TellsWhenARequestBeginsToLeave) {
  Peer peer;
  bool sending = false;
  auto what = call("POST");
  what.on_sending = [&] { sending = true; };
  EXPECT_FALSE(exchange(peer, what));
  EXPECT_FALSE(sending) << "nobody listens";
  peer.add({}, false);
  EXPECT_FALSE(exchange(peer, what));
  EXPECT_TRUE(sending);
}

asio::awaitable<void> twice(Client& client, Call first, Call second, Result<Response>& last) {
  const auto one = co_await client.send(std::move(first), soon());
  EXPECT_TRUE(one);
  last = co_await client.send(std::move(second), soon());
}

Result<Response> send_twice(Peer& peer, Call first, Call second) {
  Client client{peer.connect(), {}};
  Result<Response> response = fail(Errc::cancelled, "did not run");
  run(twice(client, std::move(first), std::move(second), response));
  return response;
}

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(Client, KeepsAConnectionForTheNextRequest) {
  Peer peer;
  Client client{peer.connect(), {}};
  const auto script = peer.add({ok});
  Result<Response> response = fail(Errc::cancelled, "");
  run(send(client, call(), response));
  EXPECT_EQ(client.idle_connections(), 1U);
  EXPECT_FALSE(script->aborted);
}

TEST(Client, DoesNotKeepAConnectionThatCannotBeUsedAgain) {
  for (const auto* answer : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
                             "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    Peer peer;
    Client client{peer.connect(), {}};
    const auto script = peer.add({answer});
    Result<Response> response = fail(Errc::cancelled, "");
    run(send(client, call(), response));
    EXPECT_TRUE(response);
    EXPECT_EQ(client.idle_connections(), 0U) << answer;
    EXPECT_TRUE(script->aborted);
  }
}

TEST(Client, OpensAnotherWhenAKeptConnectionWasClosed) {
  Peer peer;
  const auto first = peer.add({ok}, false);  // closes after the answer: not quiet
  const auto second = peer.add({ok});
  EXPECT_TRUE(send_twice(peer, call("POST"), call("POST")));
  EXPECT_EQ(peer.connected.size(), 2U);
}

/// Looks quiet, and breaks when it is used again: the race that quiet() cannot see.
class TreacherousTransport final : public Transport {
 public:
  Task<std::size_t> read_some(std::span<char> into) override {
    if (writes_ > 1) co_return 0;
    std::ranges::copy(ok, into.begin());
    co_return ok.size();
  }

  Task<> write(std::string) override {
    ++writes_;
    co_return Result<>{};
  }

  Task<> finish() override { co_return Result<>{}; }

  Task<> close() override { co_return Result<>{}; }

  void abort() noexcept override {}

  bool quiet() noexcept override { return true; }

 private:
  int writes_ = 0;
};

TEST(Client, RepeatsOnlyWhatMayBeRepeated) {
  for (const auto* method : {"GET", "PUT", "POST", "PATCH"}) {
    int connections = 0;
    const Pool::Connect connect = [&](Origin) -> Task<std::unique_ptr<Transport>> {
      ++connections;
      co_return std::make_unique<TreacherousTransport>();
    };
    Client client{connect, {}};
    Result<Response> response = fail(Errc::cancelled, "");
    run(twice(client, call(), call(method), response));
    const bool repeats = method[0] == 'G' || method[1] == 'U';
    EXPECT_EQ(response.has_value(), repeats) << method;
    EXPECT_EQ(connections, repeats ? 2 : 1) << method;
  }
}

asio::awaitable<void> three_at_once(Client& client) {
  Result<Response> a = fail(Errc::cancelled, "");
  Result<Response> b = a;
  Result<Response> c = a;
  co_await (send(client, call(), a) && send(client, call(), b) && send(client, call(), c));
  EXPECT_TRUE(a && b && c);
}

TEST(Client, OpensNoMoreConnectionsThanAllowed) {
  Peer peer;
  for (int i = 0; i < 3; ++i)
    peer.add({"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"});
  std::size_t at_once = 0;
  const auto connect = peer.connect();
  Client client{[&](Origin where) -> Task<std::unique_ptr<Transport>> {
                  std::size_t open = 0;
                  for (const auto& script : peer.connected) open += script->aborted ? 0 : 1;
                  at_once = std::max(at_once, open + 1);
                  co_return co_await connect(where);
                },
                {.connections_per_origin = 1}};
  run(three_at_once(client));
  EXPECT_EQ(at_once, 1U);
  EXPECT_EQ(peer.connected.size(), 3U);
}

asio::awaitable<void> waits_in_vain(Client& client) {
  const auto first = co_await client.open(call(), soon());
  EXPECT_TRUE(first);
  const auto second = co_await client.send(call(), Deadline::in(2ms));
  EXPECT_FALSE(second);
  if (!second) EXPECT_EQ(second.error().code, Errc::expired);
}

TEST(Client, WaitsForAConnectionNoLongerThanItsDeadline) {
  Peer peer;
  peer.add({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"});
  Client client{peer.connect(), {.connections_per_origin = 1}};
  run(waits_in_vain(client));
}

asio::awaitable<void> expires(Client& client) {
  const auto response = co_await client.send(call(), Deadline::in(2ms));
  EXPECT_FALSE(response);
  if (!response) EXPECT_EQ(response.error().code, Errc::expired);
}

TEST(Client, GivesUpAtTheDeadlineAndClosesTheConnection) {
  Peer peer;
  const auto script = peer.add({"HTTP/1.1 200 OK\r\n"});
  Client client{peer.connect(), {}};
  run(expires(client));
  EXPECT_TRUE(script->aborted);
  EXPECT_EQ(client.idle_connections(), 0U);
}

asio::awaitable<void> stream(Client& client, std::vector<std::string>& pieces, Errc& ended) {
  auto answer = co_await client.open(call(), soon());
  EXPECT_TRUE(answer);
  if (!answer) co_return;
  EXPECT_EQ(answer->status(), 200);
  while (true) {
    auto piece = co_await answer->next(Deadline::in(5ms));
    if (!piece) {
      ended = piece.error().code;
      co_return;
    }
    if (!*piece) co_return;
    pieces.push_back(**piece);
  }
}

TEST(Client, HandsOutAStreamedAnswerAsItComes) {
  Peer peer;
  peer.add({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ndata:",
            " a\r\n",
            "1\r\n",
            "b\r\n0\r\n\r\n"});
  Client client{peer.connect(), {}};
  std::vector<std::string> pieces;
  Errc ended = Errc::denied;
  run(stream(client, pieces, ended));
  EXPECT_EQ(pieces, (std::vector<std::string>{"data:", " a", "b"}));
  EXPECT_EQ(ended, Errc::denied);
  EXPECT_EQ(client.idle_connections(), 1U);
}

TEST(Client, TellsABrokenStreamFromAnEndedOne) {
  Peer peer;
  peer.add({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"}, false);
  peer.add({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"}, true);
  Client client{peer.connect(), {}};
  std::vector<std::string> pieces;
  Errc ended = Errc::denied;
  run(stream(client, pieces, ended));
  EXPECT_EQ(ended, Errc::unavailable);
  run(stream(client, pieces, ended));
  EXPECT_EQ(ended, Errc::expired);
  EXPECT_EQ(client.idle_connections(), 0U);
}

}  // namespace
}  // namespace sallyport::http
