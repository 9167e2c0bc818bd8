#include "connectors/native/syslog/syslog.hpp"

#include "engine/http/socket.hpp"
#include "tests/base/run.hpp"
#include "tests/http/certificate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <gmock/gmock.h>

namespace sallyport::connectors::syslog {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const http::testing::Certificate& certificate() {
  static const http::testing::Certificate made{"localhost"};
  return made;
}

class Noon final : public Clock {
 public:
  [[nodiscard]] Time now() const override { return parse_rfc3339("2026-11-20T10:00:00Z").value(); }
};

const Noon noon;

act::Operation notable(std::string title = "Ransomware", std::string body = "on WKS-0042") {
  return {
      .verb = "create_notable_event",
      .target = {.kind = "host", .value = "WKS-0042"},
      .parameters = {{"title", std::move(title)}, {"body", std::move(body)}, {"severity", "high"}},
      .idempotency_key = "01J0000000000000000000001"};
}

/// The messages of one connection, by octet counting; what is no such frame ends it.
asio::awaitable<void> collect(asio::ip::tcp::acceptor& acceptor,
                              std::shared_ptr<http::TlsContext> tls,
                              std::vector<std::string>& messages) {
  auto socket = co_await acceptor.async_accept(asio::use_awaitable);
  const auto transport = co_await http::serve_socket(std::move(socket), tls);
  if (!transport) co_return;
  std::string read;
  for (;;) {
    std::array<char, 512> buffer{};
    const auto n = co_await (*transport)->read_some(buffer);
    if (!n || *n == 0) break;
    read.append(buffer.data(), *n);
  }
  while (!read.empty()) {
    const auto blank = read.find(' ');
    const auto size = std::strtoul(read.substr(0, blank).c_str(), nullptr, 10);
    EXPECT_EQ(std::to_string(size), read.substr(0, blank));
    messages.push_back(read.substr(blank + 1, size));
    EXPECT_EQ(messages.back().size(), size);
    read.erase(0, blank + 1 + size);
  }
}

asio::awaitable<void> send_stream(bool secure,
                                  Config config,
                                  std::vector<std::string>& messages,
                                  Result<model::Outcome>& sent) {
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::acceptor acceptor{executor, {asio::ip::address_v4::loopback(), 0}};
  std::shared_ptr<http::TlsContext> tls;
  if (secure)
    tls = http::TlsContext::server({.certificate_file = certificate().certificate_file(),
                                    .key_file = certificate().key_file()})
              .value();
  asio::co_spawn(executor, collect(acceptor, tls, messages), [](const std::exception_ptr&) {});
  config.host = "localhost";
  config.port = acceptor.local_endpoint().port();
  config.transport = secure ? Transport::tls : Transport::tcp;
  config.ca_file = certificate().certificate_file();
  const auto syslog = Syslog::make(config, noon, executor).value();
  sent = co_await syslog->execute(notable(), Deadline::in(5s));
}

std::vector<std::string> streamed(bool secure, Config config = {}) {
  std::vector<std::string> messages;
  Result<model::Outcome> sent = fail(Errc::cancelled, "did not end");
  sallyport::testing::run(send_stream(secure, std::move(config), messages, sent));
  EXPECT_TRUE(sent) << sent.error().detail;
  if (sent) EXPECT_EQ(sent->status, model::OutcomeStatus::succeeded);
  return messages;
}

std::string as(Format format, Event event, std::size_t limit = 8'192) {
  return message_of(event, {.format = format}, limit);
}

Event event(std::string title, std::string target, std::string body) {
  return {.id = "1",
          .verb = "create_notable_event",
          .title = std::move(title),
          .body = std::move(body),
          .severity = "high",
          .target_kind = "host",
          .target = std::move(target),
          .at = noon.now()};
}

}  // namespace

TEST(Syslog, SendsOneFrameInTheFormOfRfc5424) {
  for (const bool secure : {false, true}) {
    const auto messages = streamed(secure);
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages.front(),
              "<131>1 2026-11-20T10:00:00Z sallyport sallyport - create_notable_event "
              "[sallyport@32473 id=\"01J0000000000000000000001\" kind=\"host\" "
              "target=\"WKS-0042\"] \xEF\xBB\xBFRansomware: on WKS-0042");
  }
}

TEST(Syslog, SendsCommonEventFormatWhereThatIsAsked) {
  const auto messages = streamed(true, {.format = Format::cef});
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_THAT(messages.front(),
              StartsWith("<131>Nov 20 10:00:00 sallyport CEF:0|Sallyport|Sallyport|"));
  EXPECT_THAT(messages.front(),
              HasSubstr("|create_notable_event|Ransomware|8|externalId=01J0000000000000000000001 "
                        "rt=1795168800000 dhost=WKS-0042 msg=on WKS-0042"));
}

TEST(Syslog, ADatagramIsOneMessage) {
  asio::io_context loop;
  asio::ip::udp::socket collector{loop, {asio::ip::address_v4::loopback(), 0}};
  const auto syslog = Syslog::make({.host = "127.0.0.1",
                                    .port = collector.local_endpoint().port(),
                                    .transport = Transport::udp},
                                   noon,
                                   loop.get_executor())
                          .value();
  Result<model::Outcome> sent = fail(Errc::cancelled, "did not end");
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        sent = co_await syslog->execute(notable("Ransomware", std::string(9'000, 'x')),
                                        Deadline::in(5s));
      },
      [](const std::exception_ptr&) {});
  loop.run();
  ASSERT_TRUE(sent) << sent.error().detail;
  std::array<char, 4096> buffer{};
  const auto n = collector.receive(asio::buffer(buffer));
  EXPECT_EQ(n, 1'400U);
  EXPECT_THAT((std::string{buffer.data(), n}), ::testing::EndsWith("x..."));
}

TEST(Syslog, WhateverIsInAnEventItIsOneLineAndNoFieldOfAnother) {
  const auto plain = as(Format::rfc5424, event("a\nb", "x\"] [evil@1 id=\"2", "c\r\n<13>1 d"));
  EXPECT_EQ(plain.find('\n'), std::string::npos);
  EXPECT_EQ(plain.find('\r'), std::string::npos);
  EXPECT_THAT(plain, HasSubstr(R"(target="x\"\] [evil@1 id=\"2"])"));
  const auto cef = as(Format::cef, event("a|10|x", "h dst=1.2.3.4", "b=c\nd\\e"));
  EXPECT_THAT(cef, HasSubstr(R"(|a\|10\|x|8|)"));
  EXPECT_THAT(cef, HasSubstr(R"(dhost=h dst\=1.2.3.4 msg=b\=c\nd\\e)"));
  EXPECT_EQ(cef.find('\n'), std::string::npos);
}

TEST(Syslog, ALongTextIsCutAtACharacter) {
  std::string euros;
  for (int i = 0; i < 100; ++i) euros += "\xE2\x82\xAC";
  for (std::size_t limit = 200; limit < 204; ++limit) {
    const auto text = as(Format::rfc5424, event("t", "h", euros), limit);
    EXPECT_LE(text.size(), limit);
    EXPECT_THAT(text, ::testing::EndsWith("\xE2\x82\xAC..."));
  }
}

TEST(Syslog, ACollectorThatIsNotThereIsUnavailable) {
  asio::io_context loop;
  asio::ip::tcp::acceptor free{loop, {asio::ip::address_v4::loopback(), 0}};
  const auto port = free.local_endpoint().port();
  free.close();
  const auto syslog = Syslog::make({.host = "127.0.0.1", .port = port, .transport = Transport::tcp},
                                   noon,
                                   loop.get_executor())
                          .value();
  Result<model::Outcome> sent;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        sent = co_await syslog->execute(notable(), Deadline::in(5s));
      },
      [](const std::exception_ptr&) {});
  loop.run();
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::unavailable);
}

TEST(Syslog, TakesNoParameterThatItDoesNotKnow) {
  asio::io_context loop;
  const auto syslog =
      Syslog::make({.host = "127.0.0.1", .transport = Transport::udp}, noon, loop.get_executor())
          .value();
  EXPECT_TRUE(syslog->check(notable()));
  auto strange = notable();
  strange.parameters["facility"] = 3;
  EXPECT_FALSE(syslog->check(strange));
  EXPECT_FALSE(syslog->check(notable("")));
  EXPECT_FALSE(syslog->check(notable("two\nlines")));
  auto loud = notable();
  loud.parameters["severity"] = "huge";
  EXPECT_FALSE(syslog->check(loud));
}

}  // namespace sallyport::connectors::syslog
