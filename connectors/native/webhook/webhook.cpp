#include "connectors/native/webhook/webhook.hpp"

#include "engine/base/digest.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::connectors::webhook {

namespace {

constexpr std::size_t shortest_secret = 16;
constexpr std::uint32_t header_limit_bytes = 16U << 10U;
constexpr std::uint64_t body_limit_bytes = 64U << 10U;  // nothing of it is used

}  // namespace

std::string signature(const Secret& secret, std::string_view body) {
  return "sha256=" + to_hex(hmac_sha256(secret.reveal(), body));
}

Webhook::Webhook(http::Url url,
                 std::chrono::seconds timeout,
                 Secret secret,
                 std::shared_ptr<http::TlsContext> tls,
                 asio::any_io_executor executor)
    : url_{std::move(url)},
      timeout_{timeout},
      secret_{std::move(secret)},
      client_{std::move(executor),
              std::move(tls),
              http::PoolLimits{.connections_per_origin = 1, .idle_per_origin = 1}} {}

Result<std::shared_ptr<Webhook>> Webhook::make(const Config& config,
                                               Secret secret,
                                               asio::any_io_executor executor) {
  auto url = http::parse_url(config.url);
  if (!url) return std::unexpected{url.error()};
  if (secret.reveal().size() < shortest_secret)
    return fail(Errc::invalid_input,
                fmt::format("the secret is shorter than {} characters", shortest_secret));
  std::shared_ptr<http::TlsContext> tls;
  if (url->origin.tls) {
    auto made = http::TlsContext::client({.ca_file = config.ca_file});
    if (!made) return std::unexpected{made.error()};
    tls = *std::move(made);
  }
  return std::shared_ptr<Webhook>{new Webhook{
      *std::move(url), config.timeout, std::move(secret), std::move(tls), std::move(executor)}};
}

Task<> Webhook::deliver(model::Notification notification) {
  auto body = to_json(notification);
  http::Call call{.origin = url_.origin,
                  .request = {.method = "POST",
                              .target = url_.target,
                              .headers = {{"Content-Type", "application/json"},
                                          {"Idempotency-Key", notification.id},
                                          {std::string{signature_header}, signature(secret_, body)},
                                          {"User-Agent", "sallyport"}},
                              .body = std::move(body)},
                  .header_limit_bytes = header_limit_bytes,
                  .body_limit_bytes = body_limit_bytes};
  const auto answer = co_await client_.send(std::move(call), Deadline::in(timeout_));
  if (!answer) co_return std::unexpected{answer.error()};
  if (answer->status < 200 || answer->status > 299)
    co_return fail(Errc::unavailable, fmt::format("it answered {}", answer->status));
  co_return Result<>{};
}

}  // namespace sallyport::connectors::webhook
