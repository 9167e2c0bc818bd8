#include "connectors/native/webhook/webhook.hpp"

#include "engine/base/digest.hpp"
#include "engine/http/server.hpp"
#include "tests/base/run.hpp"
#include "tests/http/certificate.hpp"

#include <gtest/gtest.h>

namespace sallyport::connectors::webhook {
namespace {

using namespace std::chrono_literals;

const Secret secret{"0123456789abcdef0123"};

model::Notification notification() {
  return {.id = "01KAH3",
          .tenant = "acme",
          .at = parse_rfc3339("2026-11-20T10:00:00Z").value(),
          .kind = model::NotificationKind::demoted,
          .to = "",
          .subject = "block_ip",
          .text = "acme: block_ip waits for a person",
          .facts = {{"verb", "block_ip"}}};
}

/// A server that answers with `status` and keeps what it was sent.
struct Receiver {
  http::Handler handler() {
    return [this](http::Request request, http::ConnectionInfo) -> Task<http::Response> {
      got.push_back(std::move(request));
      co_return http::Response{.status = status, .headers = {{"Location", "/elsewhere"}}};
    };
  }

  int status = 204;
  std::vector<http::Request> got;
};

asio::awaitable<void> send_to(Receiver& receiver,
                              Result<>& sent,
                              const sallyport::http::testing::Certificate* certificate) {
  const auto executor = co_await asio::this_coro::executor;
  http::ServerOptions options;
  if (certificate)
    options.tls = http::TlsContext::server({.certificate_file = certificate->certificate_file(),
                                            .key_file = certificate->key_file()})
                      .value();
  auto server = http::Server::listen(
                    executor, std::move(options), receiver.handler(), [](std::exception_ptr) {})
                    .value();
  const auto webhook = Webhook::make({.url = fmt::format("{}://localhost:{}/hook?a=b",
                                                         certificate ? "https" : "http",
                                                         server->port()),
                                      .ca_file = certificate ? certificate->certificate_file() : "",
                                      .timeout = 5s},
                                     secret,
                                     executor)
                           .value();
  sent = co_await webhook->deliver(notification());
  co_await server->stop(Deadline::in(1s));
}

Result<> sent_to(Receiver& receiver,
                 const sallyport::http::testing::Certificate* certificate = nullptr) {
  Result<> sent;
  sallyport::testing::run(send_to(receiver, sent, certificate));
  return sent;
}

TEST(Webhook, SignsTheBytesThatItSends) {
  Receiver receiver;
  const auto sent = sent_to(receiver);
  ASSERT_TRUE(sent) << sent.error().detail;
  ASSERT_EQ(receiver.got.size(), 1U);
  const auto& request = receiver.got.front();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/hook?a=b");
  EXPECT_EQ(request.body, to_json(notification()));
  ASSERT_TRUE(http::find(request.headers, signature_header));
  EXPECT_EQ(*http::find(request.headers, signature_header),
            "sha256=" + to_hex(hmac_sha256(secret.reveal(), request.body)));
  EXPECT_EQ(*http::find(request.headers, "Idempotency-Key"), "01KAH3");
}

TEST(Webhook, SpeaksTlsToAnAuthorityOfItsOwn) {
  const sallyport::http::testing::Certificate certificate{"localhost"};
  Receiver receiver;
  const auto sent = sent_to(receiver, &certificate);
  EXPECT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(receiver.got.size(), 1U);
}

TEST(Webhook, TakesNothingButSuccessForAReceipt) {
  for (const int status : {200, 202, 299}) {
    Receiver receiver{.status = status, .got = {}};
    EXPECT_TRUE(sent_to(receiver)) << status;
  }
  for (const int status : {302, 400, 401, 429, 500}) {
    Receiver receiver{.status = status, .got = {}};
    EXPECT_EQ(sent_to(receiver).error().code, Errc::unavailable) << status;
    EXPECT_EQ(receiver.got.size(), 1U) << "a redirect was followed, or it was sent twice";
  }
}

TEST(Webhook, RefusesWhatNobodyCouldTrust) {
  asio::io_context loop;
  const auto code = [&](const char* url, const char* key, const char* ca = "") {
    return Webhook::make({.url = url, .ca_file = ca}, Secret{key}, loop.get_executor())
        .error()
        .code;
  };
  EXPECT_EQ(code("https://hooks.acme.example/", "short"), Errc::invalid_input);
  EXPECT_EQ(code("ftp://hooks.acme.example/", "0123456789abcdef"), Errc::invalid_input);
  EXPECT_EQ(code("https://hooks.acme.example/", "0123456789abcdef", "/no/such.pem"),
            Errc::invalid_input);
}

}  // namespace
}  // namespace sallyport::connectors::webhook
