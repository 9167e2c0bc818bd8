#include "engine/http/connection.hpp"

#include "tests/base/run.hpp"
#include "tests/http/scripted_transport.hpp"

#include <gtest/gtest.h>

namespace sallyport::http {
namespace {

using sallyport::testing::run;
using testing::Script;
using testing::ScriptedTransport;
using namespace std::chrono_literals;

Task<Response> echo(Request request, ConnectionInfo) {
  co_return Response{.body = request.method + ' ' + request.target + ' ' + request.body};
}

struct Served {
  std::shared_ptr<Script> script = std::make_shared<Script>();
  ConnectionState state;
  std::exception_ptr thrown;
};

asio::awaitable<void> serve_script(Served& served, Handler handler, ServerLimits limits) {
  ScriptedTransport transport{served.script};
  try {
    co_await serve_connection(transport, handler, limits, {.peer = "test"}, served.state);
  } catch (...) {
    served.thrown = std::current_exception();
  }
}

/// Plays `reads` to a connection and returns what it wrote.
Served served(std::deque<std::string> reads, Handler handler = echo, ServerLimits limits = {}) {
  Served result;
  result.script->reads = std::move(reads);
  run(serve_script(result, std::move(handler), limits));
  return result;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST(Connection, AnswersOneRequestAfterTheOther) {
  const auto result =
      served({"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"});
  EXPECT_EQ(result.script->written,
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /a "
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /b ");
  EXPECT_TRUE(result.script->aborted);
}

TEST(Connection, AnswersPipelinedRequestsInOrderHoweverTheyAreCut) {
  const std::string bytes =
      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
      "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
      "GET /c HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto whole = served({bytes}).script->written;
  EXPECT_EQ(count(whole, "HTTP/1.1 200 OK"), 3U);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut)
    ASSERT_EQ(served({bytes.substr(0, cut), bytes.substr(cut)}).script->written, whole) << cut;
}

TEST(Connection, ClosesWhenTheClientAsksForIt) {
  const auto result =
      served({"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: "
              "x\r\n\r\n"});
  EXPECT_EQ(count(result.script->written, "HTTP/1.1 200"), 1U);
  EXPECT_EQ(count(result.script->written, "Connection: close"), 1U);
  EXPECT_TRUE(result.script->finished && result.script->closed);
}

TEST(Connection, SpeaksToAClientOfHttp10) {
  const auto kept = served({"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"});
  EXPECT_EQ(count(kept.script->written, "Connection: keep-alive"), 1U);
  const auto closed = served({"GET /a HTTP/1.0\r\n\r\n"});
  EXPECT_EQ(count(closed.script->written, "Connection: close"), 1U);
}

TEST(Connection, AnswersHeadWithoutABody) {
  const auto result = served({"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"});
  EXPECT_EQ(result.script->written, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
}

TEST(Connection, TellsAWaitingClientToContinue) {
  const auto result = served(
      {"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", "ok"});
  EXPECT_TRUE(result.script->written.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
}

TEST(Connection, DoesNotInviteABodyThatIsTooLong) {
  ServerLimits limits;
  limits.body_bytes = 10;
  const auto result =
      served({"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n"},
             echo,
             limits);
  EXPECT_TRUE(result.script->written.starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(count(result.script->written, "100 Continue"), 0U);
}

TEST(Connection, RefusesWithTheProperStatusAndReadsNoFurther) {
  const auto status = [](std::string bytes) {
    const auto result = served({std::move(bytes) + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"});
    EXPECT_EQ(count(result.script->written, "HTTP/1.1 "), 1U) << result.script->written;
    EXPECT_EQ(count(result.script->written, "Connection: close"), 1U);
    EXPECT_EQ(count(result.script->written, "application/problem+json"), 1U);
    return result.script->written.substr(9, 3);
  };
  EXPECT_EQ(
      status(
          "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
      "400");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(20'000, 'x')), "431");
  EXPECT_EQ(status("GET /" + std::string(20'000, 'x')), "414");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"), "413");
  EXPECT_EQ(status("GET / HTTP/3.0\r\nHost: x\r\n\r\n"), "505");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"), "501");
  EXPECT_EQ(status("\x16\x03\x01\x02 not http \r\n\r\n"), "400");
}

TEST(Connection, GivesUpOnAClientThatSendsItsHeaderTooSlowly) {
  Served result;
  result.script->reads = {"GET / HTTP/1.1\r\nHo"};
  result.script->hangs_at_end = true;
  ServerLimits limits;
  limits.header = 0ms;
  limits.linger = 0ms;
  run(serve_script(result, echo, limits));
  EXPECT_TRUE(result.script->written.starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(result.script->aborted);
}

TEST(Connection, GivesUpOnABodyThatDoesNotCome) {
  Served result;
  result.script->reads = {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"};
  result.script->hangs_at_end = true;
  ServerLimits limits;
  limits.body = 0ms;
  limits.linger = 0ms;
  run(serve_script(result, echo, limits));
  EXPECT_TRUE(result.script->written.starts_with("HTTP/1.1 408 "));
}

TEST(Connection, ClosesAnIdleOneWithoutAWord) {
  Served result;
  result.script->hangs_at_end = true;
  ServerLimits limits;
  limits.idle = 0ms;
  run(serve_script(result, echo, limits));
  EXPECT_EQ(result.script->written, "");
  EXPECT_TRUE(result.script->aborted);
}

TEST(Connection, EndsAfterItsShareOfRequests) {
  ServerLimits limits;
  limits.requests_per_connection = 2;
  std::deque<std::string> reads(5, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto result = served(std::move(reads), echo, limits);
  EXPECT_EQ(count(result.script->written, "HTTP/1.1 200"), 2U);
  EXPECT_EQ(count(result.script->written, "Connection: close"), 1U);
}

TEST(Connection, TurnsAnErrorIntoAProblemAndGoesOn) {
  const Handler refuses = [](Request, ConnectionInfo) -> Task<Response> {
    co_return fail(Errc::conflict, "already approved");
  };
  const auto result =
      served({"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"}, refuses);
  EXPECT_EQ(count(result.script->written, "HTTP/1.1 409 Conflict"), 2U);
  EXPECT_EQ(count(result.script->written, "already approved"), 2U);
}

TEST(Connection, SaysThatAHandlerThrewAndThrowsOn) {
  const Handler broken = [](Request, ConnectionInfo) -> Task<Response> {
    throw std::logic_error{"invariant"};
    co_return Response{};
  };
  const auto result = served({"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"}, broken);
  EXPECT_TRUE(result.script->written.starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(count(result.script->written, "invariant"), 0U);
  EXPECT_THROW(std::rethrow_exception(result.thrown), std::logic_error);
}

TEST(Connection, DoesNotLetAHandlerBreakTheFraming) {
  const Handler splitting = [](Request, ConnectionInfo) -> Task<Response> {
    co_return Response{.headers = {{"X-Title", "a\r\nSet-Cookie: b"}}};
  };
  const auto result = served({"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"}, splitting);
  EXPECT_TRUE(result.script->written.starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(count(result.script->written, "Set-Cookie"), 0U);
}

Handler counting_stream(std::shared_ptr<int> pieces, int until) {
  return [pieces, until](Request, ConnectionInfo) -> Task<Response> {
    Response response{.headers = {{"Content-Type", "text/event-stream"}}, .body = "first "};
    response.stream = [pieces, until]() -> Task<std::optional<std::string>> {
      if (*pieces == until) co_return std::nullopt;
      co_return "piece" + std::to_string((*pieces)++);
    };
    co_return response;
  };
}

TEST(Connection, StreamsAnAnswerInChunks) {
  Served result;
  result.script->reads = {"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"};
  result.script->hangs_at_end = true;
  run(serve_script(result, counting_stream(std::make_shared<int>(0), 2), {}));
  EXPECT_TRUE(result.script->written.ends_with(
      "\r\n\r\n6\r\nfirst \r\n6\r\npiece0\r\n6\r\npiece1\r\n0\r\n\r\n"))
      << result.script->written;
  EXPECT_TRUE(result.script->closed);
}

TEST(Connection, StreamsToAClientOfHttp10WithoutChunks) {
  Served result;
  result.script->reads = {"GET /a HTTP/1.0\r\n\r\n"};
  result.script->hangs_at_end = true;
  run(serve_script(result, counting_stream(std::make_shared<int>(0), 1), {}));
  EXPECT_EQ(count(result.script->written, "Transfer-Encoding"), 0U);
  EXPECT_TRUE(result.script->written.ends_with("\r\n\r\nfirst piece0")) << result.script->written;
}

TEST(Connection, StopsAStreamWhenTheClientGoes) {
  const auto cancelled = std::make_shared<bool>(false);
  const Handler endless = [cancelled](Request, ConnectionInfo) -> Task<Response> {
    Response response;
    response.stream = [cancelled]() -> Task<std::optional<std::string>> {
      asio::steady_timer never{co_await asio::this_coro::executor,
                               asio::steady_timer::time_point::max()};
      const auto [error] = co_await never.async_wait(asio::as_tuple(asio::use_awaitable));
      *cancelled = error == asio::error::operation_aborted;
      co_return fail(Errc::cancelled, "nobody listens");
    };
    co_return response;
  };
  const auto result = served({"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"}, endless);
  EXPECT_TRUE(*cancelled);
  EXPECT_TRUE(result.script->aborted);
  EXPECT_FALSE(result.script->written.ends_with("0\r\n\r\n"));
}

TEST(Connection, PassesOnWhatAStreamThrows) {
  Served result;
  result.script->reads = {"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"};
  result.script->hangs_at_end = true;
  const Handler broken = [](Request, ConnectionInfo) -> Task<Response> {
    Response response;
    response.stream = []() -> Task<std::optional<std::string>> {
      throw std::logic_error{"invariant"};
      co_return std::nullopt;
    };
    co_return response;
  };
  run(serve_script(result, broken, {}));
  ASSERT_TRUE(result.thrown);
  EXPECT_THROW(std::rethrow_exception(result.thrown), std::logic_error);
}

}  // namespace
}  // namespace sallyport::http
