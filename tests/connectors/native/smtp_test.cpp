#include "connectors/native/smtp/smtp.hpp"

#include "engine/http/socket.hpp"
#include "tests/base/run.hpp"
#include "tests/http/certificate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>

#include <cstdlib>

namespace sallyport::connectors::smtp {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const http::testing::Certificate& certificate() {
  static const http::testing::Certificate made{"localhost"};
  return made;
}

/// What a mail server does with one connection, as RFC 5321 has it: a command out of order, in the
/// clear or too long is refused.
struct Server {
  bool offers_starttls = true;
  bool tls_first = false;
  bool speaks_too_early = false;
  std::string refuses{};  ///< A command that is answered 550 (or with `code`).
  int code = 550;
  bool loses_last_answer = false;

  std::vector<std::string> commands{};
  std::vector<std::string> mails{};
  bool had_tls = false;
};

class Session {
 public:
  Session(Server& server, std::unique_ptr<http::Transport> transport)
      : server_{server}, transport_{std::move(transport)} {}

  Task<std::string> line() {
    for (;;) {
      if (const auto end = read_.find("\r\n"); end != std::string::npos) {
        auto found = read_.substr(0, end);
        read_.erase(0, end + 2);
        co_return found;
      }
      std::array<char, 512> buffer{};
      const auto n = co_await transport_->read_some(buffer);
      if (!n || *n == 0) co_return fail(Errc::unavailable, "gone");
      read_.append(buffer.data(), *n);
    }
  }

  Task<> say(std::string text) { co_return co_await transport_->write(text + "\r\n"); }

  /// True: STARTTLS was asked for.
  Task<bool> talk(bool secure) {
    bool hello = false;
    bool known = false;
    bool sender = false;
    int recipients = 0;
    for (;;) {
      const auto command = co_await line();
      if (!command) co_return false;
      server_.commands.push_back(*command);
      const auto is = [&](std::string_view word) { return command->starts_with(word); };
      std::string answer = "503 out of order";
      if (!server_.refuses.empty() && is(server_.refuses)) {
        answer = fmt::format("{} no", server_.code);
      } else if (is("EHLO ")) {
        hello = true;
        answer = fmt::format("250-lab\r\n250-{}\r\n250 8BITMIME",
                             secure                    ? "AUTH LOGIN PLAIN"
                             : server_.offers_starttls ? "STARTTLS"
                                                       : "SIZE 1000000");
      } else if (is("STARTTLS") && hello && !secure && server_.offers_starttls) {
        auto ready = std::string{"220 go"};
        if (server_.speaks_too_early) ready += "\r\n250 injected";
        (void)co_await say(ready);
        co_return true;
      } else if (is("AUTH PLAIN ") && hello && secure) {
        // \0sallyport\0lab-mail-password
        known = command->substr(11) == "AHNhbGx5cG9ydABsYWItbWFpbC1wYXNzd29yZA==";
        answer = known ? "235 welcome" : "535 who are you";
      } else if (is("MAIL FROM:<sallyport@acme.example>") && known) {
        sender = true;
        answer = "250 ok";
      } else if (is("RCPT TO:<") && sender) {
        ++recipients;
        answer = "250 ok";
      } else if (is("DATA") && recipients > 0) {
        (void)co_await say("354 go on");
        if (!co_await take_mail()) co_return false;
        if (server_.loses_last_answer) co_return false;
        answer = "250 queued as 4711";
      } else if (is("QUIT")) {
        (void)co_await say("221 bye");
        co_return false;
      }
      (void)co_await say(answer);
    }
  }

  Task<> take_mail() {
    std::string mail;
    for (;;) {
      const auto text = co_await line();
      if (!text) co_return std::unexpected{text.error()};
      if (*text == ".") break;
      EXPECT_LE(text->size(), 998U);
      EXPECT_THAT(*text, Not(::testing::StartsWith(".")));
      mail += *text + '\n';
    }
    server_.mails.push_back(mail);
    co_return Result<>{};
  }

 private:
  Server& server_;
  std::unique_ptr<http::Transport> transport_;
  std::string read_;
};

asio::awaitable<void> serve(asio::ip::tcp::acceptor& acceptor, Server& server) {
  const auto tls = http::TlsContext::server({.certificate_file = certificate().certificate_file(),
                                             .key_file = certificate().key_file()})
                       .value();
  auto socket = co_await acceptor.async_accept(asio::use_awaitable);
  // For STARTTLS the socket is needed again: its twin speaks in the clear.
  const auto twin = ::dup(socket.native_handle());
  asio::ip::tcp::socket second{acceptor.get_executor(), asio::ip::tcp::v4(), twin};
  auto transport = co_await http::serve_socket(std::move(socket), server.tls_first ? tls : nullptr);
  if (!transport) co_return;
  Session plain{server, *std::move(transport)};
  server.had_tls = server.tls_first;
  (void)co_await plain.say("220 lab ESMTP");
  const auto wants_tls = co_await plain.talk(server.tls_first);
  if (!wants_tls || !*wants_tls) co_return;
  auto upgraded = co_await http::serve_socket(std::move(second), tls);
  if (!upgraded) co_return;
  server.had_tls = true;
  Session secure{server, *std::move(upgraded)};
  (void)co_await secure.talk(true);
}

Config config(std::uint16_t port) {
  ::setenv("SALLYPORT_TEST_MAIL", "lab-mail-password", 1);
  return {.host = "localhost",
          .port = port,
          .ca_file = certificate().certificate_file(),
          .user = "sallyport",
          .password = "env:SALLYPORT_TEST_MAIL",
          .from = "sallyport@acme.example",
          .domains = {"acme.example"},
          .channels = {{"soc", {"soc@acme.example", "duty@acme.example"}}}};
}

act::Operation note(model::Target target,
                    std::string message = "Ransomware on WKS-0042\nisolated") {
  return {.verb = "notify",
          .target = std::move(target),
          .parameters = {{"message", std::move(message)}, {"severity", "high"}},
          .idempotency_key = "01J0000000000000000000001"};
}

const model::Target soc{.kind = "channel", .value = "soc"};

asio::awaitable<void> send_to(Server& server,
                              act::Operation operation,
                              Result<model::Outcome>& sent) {
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::acceptor acceptor{executor, {asio::ip::address_v4::loopback(), 0}};
  asio::co_spawn(executor, serve(acceptor, server), [](const std::exception_ptr&) {});
  const SystemClock clock;
  auto settings = config(acceptor.local_endpoint().port());
  if (server.tls_first) settings.security = Security::tls;
  auto made = Smtp::make(settings, clock, executor);
  EXPECT_TRUE(made) << made.error().detail;
  if (made) sent = co_await (*made)->execute(std::move(operation), Deadline::in(5s));
  acceptor.close();
}

Result<model::Outcome> sent_to(Server& server, act::Operation operation = note(soc)) {
  Result<model::Outcome> sent = fail(Errc::cancelled, "did not end");
  sallyport::testing::run(send_to(server, std::move(operation), sent));
  return sent;
}

}  // namespace

TEST(Smtp, SendsOneMailToAllOfAChannelAfterTlsHasBegun) {
  Server server;
  const auto sent = sent_to(server);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->status, model::OutcomeStatus::succeeded);
  EXPECT_THAT(sent->detail, HasSubstr("4711"));
  EXPECT_TRUE(server.had_tls);
  EXPECT_THAT(server.commands,
              ::testing::IsSupersetOf({"EHLO acme.example",
                                       "STARTTLS",
                                       "MAIL FROM:<sallyport@acme.example>",
                                       "RCPT TO:<soc@acme.example>",
                                       "RCPT TO:<duty@acme.example>",
                                       "DATA"}));
  ASSERT_EQ(server.mails.size(), 1U);
  EXPECT_THAT(server.mails.front(),
              HasSubstr("Message-ID: <01J0000000000000000000001@acme.example>"));
  // Ransomware on WKS-0042\nisolated
  EXPECT_THAT(server.mails.front(),
              HasSubstr("\n\nUmFuc29td2FyZSBvbiBXS1MtMDA0Mgppc29sYXRlZA==\n"));
}

TEST(Smtp, SpeaksTlsFromTheFirstByteWhereThatIsAsked) {
  Server server{.tls_first = true};
  const auto sent = sent_to(server, note({.kind = "email", .value = "alice@acme.example"}));
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(server.mails.size(), 1U);
}

TEST(Smtp, SendsNoPasswordAndNoMailInTheClear) {
  Server server{.offers_starttls = false};
  const auto sent = sent_to(server);
  ASSERT_FALSE(sent);
  EXPECT_THAT(sent.error().detail, HasSubstr("STARTTLS"));
  EXPECT_EQ(server.commands.size(), 1U) << "nothing after EHLO";
}

TEST(Smtp, TrustsNothingThatWasSaidBeforeTls) {
  Server server{.speaks_too_early = true};
  EXPECT_FALSE(sent_to(server));
  EXPECT_TRUE(server.mails.empty());
}

TEST(Smtp, ARecipientThatIsRefusedMeansThatNothingIsSent) {
  Server server{.refuses = "RCPT TO:<duty@"};
  const auto sent = sent_to(server);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::denied);
  EXPECT_TRUE(server.mails.empty());
}

TEST(Smtp, WhatIsRefusedForNowMayBeTriedAgain) {
  Server server{.refuses = "MAIL", .code = 451};
  EXPECT_EQ(sent_to(server).error().code, Errc::unavailable);
}

TEST(Smtp, AMailWhoseLastAnswerWasLostIsUnknown) {
  Server server{.loses_last_answer = true};
  const auto sent = sent_to(server);
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->status, model::OutcomeStatus::unknown);
  EXPECT_EQ(server.mails.size(), 1U);
}

TEST(Smtp, NothingInAMessageIsAHeaderADotOrACommand) {
  Server server;
  const std::string hostile = "a\n.\nMAIL FROM:<x@y>\n\xE2\x82\xAC \"=?utf-8?q?x?=\"";
  const auto sent = sent_to(server, note(soc, hostile));
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(server.mails.size(), 1U);
  const auto mail = mail_of({.from = "a@b.example",
                             .to = {"c@d.example"},
                             .subject = "x\r\nBcc: all@acme.example",
                             .text = hostile,
                             .id = "1",
                             .at = {}});
  EXPECT_THAT(mail, Not(HasSubstr("Bcc")));
  EXPECT_THAT(mail, Not(HasSubstr("MAIL FROM")));
}

TEST(Smtp, MailGoesToNobodyOutside) {
  asio::io_context loop;
  const SystemClock clock;
  const auto made = Smtp::make(config(25), clock, loop.get_executor()).value();
  EXPECT_TRUE(made->check(note({.kind = "email", .value = "alice@acme.example"})));
  for (const auto* address : {"alice@evil.example",
                              "alice@acme.example.evil.example",
                              "alice@acme.example\r\nRCPT TO:<x@evil.example>",
                              "<alice@acme.example>",
                              "alice@acme.example,x@evil.example",
                              "acme.example",
                              ""})
    EXPECT_FALSE(made->check(note({.kind = "email", .value = address}))) << address;
  EXPECT_FALSE(made->check(note({.kind = "channel", .value = "board"})));
  EXPECT_FALSE(made->check(note(soc, "")));
}

TEST(Smtp, ASettingThatWouldBeUnsafeIsRefused) {
  asio::io_context loop;
  const SystemClock clock;
  const auto why = [&](const std::function<void(Config&)>& change) {
    auto settings = config(25);
    change(settings);
    const auto made = Smtp::make(settings, clock, loop.get_executor());
    return made ? std::string{} : made.error().detail;
  };
  EXPECT_EQ(why([](auto&) {}), "");
  EXPECT_THAT(why([](auto& c) { c.security = Security::none; }), HasSubstr("without TLS"));
  EXPECT_THAT(why([](auto& c) { c.domains.clear(); }), HasSubstr("domains"));
  EXPECT_THAT(why([](auto& c) { c.from = "nobody"; }), HasSubstr("from"));
  EXPECT_THAT(why([](auto& c) { c.ca_file = "/no/such.pem"; }), HasSubstr("/no/such.pem"));
}

}  // namespace sallyport::connectors::smtp
