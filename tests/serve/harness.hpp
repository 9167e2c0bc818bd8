#pragma once

#include "engine/http/client.hpp"
#include "engine/serve/service.hpp"
#include "tests/base/run.hpp"
#include "tests/serve/fake_backend.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace sallyport::serve::testing {

/// A clock that stands still.
class StillClock final : public Clock {
 public:
  Time time{std::chrono::hours{24 * 20000}};

  [[nodiscard]] Time now() const override { return time; }
};

inline const std::string viewer = "viewer-token-0123456789";
inline const std::string analyst = "analyst-token-0123456789";
inline const std::string approver = "approver-token-0123456789";
inline const std::string admin = "admin-token-0123456789";
inline const std::string sender = "sender-token-0123456789";
inline const std::string other = "other-tenants-token-0123456789";
inline const std::string two = "token-of-two-tenants-0123456789";

inline std::vector<Token> tokens() {
  std::vector<Token> all;
  all.push_back({"vera", Secret{viewer}, {"acme"}, {Role::viewer}});
  all.push_back({"anna", Secret{analyst}, {"acme"}, {Role::analyst}});
  all.push_back({"paul", Secret{approver}, {"acme"}, {Role::approver}});
  all.push_back({"root", Secret{admin}, {"*"}, {Role::admin}});
  all.push_back({"siem", Secret{sender}, {"acme"}, {Role::ingest}});
  all.push_back({"olga", Secret{other}, {"other"}, {Role::analyst, Role::approver, Role::ingest}});
  all.push_back({"both", Secret{two}, {"acme", "other"}, {Role::viewer, Role::ingest}});
  return all;
}

/// The API on a real port with a fake engine behind it, and a client to ask it.
class Harness {
 public:
  FakeBackend backend;
  StillClock clock;
  ServiceOptions options;
  std::vector<Token> known = tokens();

  /// Runs `test` against the service.
  void run(std::function<asio::awaitable<void>()> test) {
    sallyport::testing::run(within(std::move(test)));
  }

  Task<http::Response> ask(std::string method,
                           std::string target,
                           std::string token = {},
                           std::string body = {},
                           http::Headers headers = {}) {
    return client_->send(call(std::move(method),
                              std::move(target),
                              std::move(token),
                              std::move(body),
                              std::move(headers)),
                         Deadline::in(std::chrono::seconds{10}));
  }

  http::Call call(std::string method,
                  std::string target,
                  std::string token,
                  std::string body = {},
                  http::Headers headers = {}) {
    if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + token);
    return {.origin = {.tls = false, .host = "127.0.0.1", .port = std::to_string(service_->port())},
            .request = {.method = std::move(method),
                        .target = std::move(target),
                        .headers = std::move(headers),
                        .body = std::move(body)},
            .header_limit_bytes = 16384,
            .body_limit_bytes = 16 << 20};
  }

  Service& service() { return *service_; }

  http::Client& client() { return *client_; }

 private:
  asio::awaitable<void> within(std::function<asio::awaitable<void>()> test) {
    const auto executor = co_await asio::this_coro::executor;
    service_ = Service::start(executor,
                              std::move(options),
                              backend,
                              Access::make(known).value(),
                              clock,
                              [](std::exception_ptr) { ADD_FAILURE() << "a handler threw"; })
                   .value();
    client_ = std::make_unique<http::Client>(executor, nullptr, http::PoolLimits{});
    co_await test();
    client_.reset();
    co_await service_->stop(Deadline::in(std::chrono::seconds{1}));
    service_.reset();
  }

  std::unique_ptr<Service> service_;
  std::unique_ptr<http::Client> client_;
};

/// The status of an answer; 0 when there was none.
inline int status_of(const Result<http::Response>& answer) {
  return answer ? answer->status : 0;
}

inline json::value body_of(const Result<http::Response>& answer) {
  if (!answer) return {};
  auto value = parse_json(answer->body);
  EXPECT_TRUE(value) << answer->body;
  return value ? *std::move(value) : json::value{};
}

}  // namespace sallyport::serve::testing
