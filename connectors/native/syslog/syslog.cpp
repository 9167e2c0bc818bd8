#include "connectors/native/syslog/syslog.hpp"

#include "connectors/manifest/value_type.hpp"
#include "connectors/native/base/text.hpp"
#include "engine/base/on_pool.hpp"
#include "engine/http/socket.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sallyport::connectors::syslog {

namespace {

using asio::ip::udp;
using manifest::ValueType;

constexpr std::size_t datagram_bytes = 1'400;  ///< Passes every link without fragments.
constexpr std::size_t stream_bytes = 8'192;    ///< RFC 5425, 4.3.1: receivers should take it.
constexpr std::chrono::milliseconds goodbye{300};
constexpr std::int64_t title_limit_bytes = 500;
constexpr std::int64_t body_limit_bytes = 16'000;

/// Which kinds of target the verbs take, as the catalogue says.
constexpr std::array<std::string_view, 9> kinds{
    "channel", "user", "email", "host", "alert", "investigation", "siem", "ip", "domain"};

Result<std::string> text_in(const json::object& parameters,
                            std::string_view key,
                            ValueType type,
                            std::int64_t most,
                            bool needed) {
  const auto* given = parameters.if_contains(key);
  if (!given && !needed) return std::string{};
  const auto good = manifest::checked(
      fmt::format("`{}`", key), {.type = type, .most = most}, given ? *given : json::value{});
  if (!good) return std::unexpected{good.error()};
  return std::string{good->get_string()};
}

}  // namespace

Syslog::Syslog(Config config,
               std::shared_ptr<http::TlsContext> tls,
               const Clock& clock,
               asio::any_io_executor executor)
    : config_{std::move(config)},
      tls_{std::move(tls)},
      clock_{clock},
      executor_{std::move(executor)} {}

Result<std::unique_ptr<Syslog>> Syslog::make(Config config,
                                             const Clock& clock,
                                             asio::any_io_executor executor) {
  if (config.host.empty()) return fail(Errc::invalid_input, "host: is missing");
  if (config.facility > 23) return fail(Errc::invalid_input, "facility: goes from 0 to 23");
  if (config.timeout_ms < 100 || config.timeout_ms > 60'000)
    return fail(Errc::invalid_input, "timeout_ms: goes from 100 to 60000");
  if (const auto origin =
          manifest::checked("origin", {.type = ValueType::hostname}, json::value(config.origin));
      !origin)
    return std::unexpected{origin.error()};
  if (config.port == 0) config.port = config.transport == Transport::tls ? 6514 : 514;
  std::shared_ptr<http::TlsContext> tls;
  if (config.transport == Transport::tls) {
    auto made = http::TlsContext::client({.ca_file = config.ca_file,
                                          .certificate_file = config.certificate_file,
                                          .key_file = config.key_file});
    if (!made) return std::unexpected{made.error()};
    tls = *std::move(made);
  }
  return std::unique_ptr<Syslog>{
      new Syslog{std::move(config), std::move(tls), clock, std::move(executor)}};
}

const std::vector<std::string>& Syslog::verbs() const {
  static const std::vector<std::string> all{"create_notable_event", "notify"};
  return all;
}

Result<Event> Syslog::event_of(const act::Operation& operation) const {
  const bool notable = operation.verb == "create_notable_event";
  if (!notable && operation.verb != "notify")
    return fail(Errc::invalid_input, "syslog runs create_notable_event and notify");
  auto ok = notable ? check_parameters(operation.parameters, {"title", "body", "severity"})
                    : check_parameters(operation.parameters, {"message", "severity"});
  if (!ok) return std::unexpected{ok.error()};
  if (std::ranges::find(kinds, operation.target.kind) == kinds.end())
    return fail(Errc::invalid_input, "no such kind of target");
  const auto target = manifest::checked("the target",
                                        {.type = ValueType::text, .most = title_limit_bytes},
                                        json::value(operation.target.value));
  if (!target) return std::unexpected{target.error()};
  const auto severity = manifest::checked(
      "`severity`",
      {.type = ValueType::choice,
       .values = json::array{"informational", "low", "medium", "high", "critical"}},
      operation.parameters.contains("severity") ? operation.parameters.at("severity")
                                                : json::value("medium"));
  if (!severity) return std::unexpected{severity.error()};
  Event event{.verb = operation.verb,
              .severity = std::string{severity->get_string()},
              .target_kind = operation.target.kind,
              .target = std::string{target->get_string()},
              .at = clock_.now()};
  auto body = text_in(operation.parameters,
                      notable ? "body" : "message",
                      ValueType::prose,
                      body_limit_bytes,
                      !notable);
  if (!body) return std::unexpected{body.error()};
  event.body = *std::move(body);
  event.title = "Sallyport";
  if (notable) {
    auto title = text_in(operation.parameters, "title", ValueType::text, title_limit_bytes, true);
    if (!title) return std::unexpected{title.error()};
    event.title = *std::move(title);
  }
  const auto id = manifest::checked(
      "the idempotency key",
      {.type = ValueType::id},
      json::value(operation.idempotency_key.empty() ? "none" : operation.idempotency_key));
  if (!id) return std::unexpected{id.error()};
  event.id = std::string{id->get_string()};
  return event;
}

std::string Syslog::message_in_bounds(const Event& event) const {
  return message_of(
      event, config_, config_.transport == Transport::udp ? datagram_bytes : stream_bytes);
}

Result<> Syslog::check(const act::Operation& operation) const {
  const auto event = event_of(operation);
  if (!event) return std::unexpected{event.error()};
  return {};
}

Result<std::vector<act::Planned>> Syslog::preview(const act::Operation& operation) const {
  auto event = event_of(operation);
  if (!event) return std::unexpected{event.error()};
  if (operation.idempotency_key.empty()) event->id = "${{ run.id }}";
  return std::vector<act::Planned>{
      {.phase = "act",
       .step = "send",
       .request = {.method = "syslog",
                   .url = fmt::format(
                       "syslog+{}://{}:{}", name_of(config_.transport), config_.host, config_.port),
                   .headers = {},
                   .body = message_in_bounds(*event)}}};
}

Task<act::Reading> Syslog::read(act::Operation operation, Deadline) {
  const auto event = event_of(operation);
  if (!event) co_return std::unexpected{event.error()};
  co_return act::Reading{.detail = "syslog has no receipt"};
}

Task<bool> Syslog::send_datagram(std::string message) const {
  constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
  udp::resolver resolver{executor_};
  const auto [no_name, found] =
      co_await resolver.async_resolve(config_.host, std::to_string(config_.port), as_result);
  if (no_name || found.empty()) co_return fail(Errc::unavailable, "resolve: " + no_name.message());
  udp::socket socket{executor_};
  boost::system::error_code error;
  const auto endpoint = found.begin()->endpoint();
  socket.open(endpoint.protocol(), error);
  if (error) co_return fail(Errc::unavailable, "socket: " + error.message());
  const auto [failed, n] =
      co_await socket.async_send_to(asio::buffer(message), endpoint, as_result);
  if (failed) co_return fail(Errc::unavailable, "send: " + failed.message());
  co_return true;
}

Task<bool> Syslog::send_stream(std::string message) const {
  const http::Endpoint endpoint{.host = config_.host, .port = std::to_string(config_.port)};
  const auto transport = co_await http::connect(executor_, endpoint, tls_);
  if (!transport) co_return std::unexpected{transport.error()};
  const auto frame = fmt::format("{} {}", message.size(), message);
  if (const auto written = co_await (*transport)->write(frame); !written) co_return false;
  // It is with the network; a collector that says no goodbye took it all the same.
  (void)co_await with_deadline(Deadline::in(goodbye), (*transport)->close());
  co_return true;
}

Task<model::Outcome> Syslog::send(std::string message, std::string id) const {
  const bool datagram = config_.transport == Transport::udp;
  const auto handed = datagram ? co_await send_datagram(std::move(message))
                               : co_await send_stream(std::move(message));
  if (!handed) co_return std::unexpected{handed.error()};
  model::Outcome outcome{.status = model::OutcomeStatus::succeeded,
                         .detail = "handed to the network; syslog has no receipt",
                         .product = {{"id", id}}};
  if (!*handed) {
    outcome.status = model::OutcomeStatus::unknown;
    outcome.detail = "the connection broke while it was sent";
  }
  co_return outcome;
}

Task<model::Outcome> Syslog::execute(act::Operation operation, Deadline deadline) {
  const auto event = event_of(operation);
  if (!event) co_return std::unexpected{event.error()};
  auto message = message_in_bounds(*event);
  const auto limit = deadline.tightened_to(std::chrono::milliseconds{config_.timeout_ms});
  auto work = [this,
               message = std::move(message),
               id = event->id,
               limit]() -> asio::awaitable<Result<model::Outcome>> {
    co_return co_await with_deadline(limit, send(message, id));
  };
  co_return co_await on_pool(executor_, std::move(work));
}

act::Inverse Syslog::inverse(const act::Operation&, const act::Reading&) const {
  return {.operation = {}, .why = "cannot be undone: an event that was told is told"};
}

}  // namespace sallyport::connectors::syslog
