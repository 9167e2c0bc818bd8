#include "engine/http/client.hpp"

#include "engine/http/codec.hpp"
#include "engine/http/socket.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sallyport::http {

namespace {

/// What is read at a time: thousands may wait for an answer, or for its next word, at a time; who
/// sends much is read in larger pieces.
constexpr std::size_t waiting_bytes = 1024;
constexpr std::size_t most_read_bytes = 16384;
constexpr int most_interim_answers = 8;

bool may_be_repeated(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS";
}

Pool::Connect sockets(asio::any_io_executor executor, std::shared_ptr<TlsContext> tls) {
  return [executor, tls](Origin origin) -> Task<std::unique_ptr<Transport>> {
    if (origin.tls && !tls) co_return fail(Errc::invalid_input, "TLS is not configured");
    co_return co_await connect(
        executor, {.host = origin.host, .port = origin.port}, origin.tls ? tls : nullptr);
  };
}

}  // namespace

struct StreamedResponse::Exchange {
  Exchange(Pool::Lease given, DecoderLimits given_limits, bool is_head)
      : lease{std::move(given)}, limits{given_limits}, head{is_head}, decoder{given_limits} {
    if (head) decoder.expect_no_body();
  }

  /// Reads up to the header of the final answer; 1xx before it are passed over.
  Task<> read_header() {
    for (int interim = 0; interim < most_interim_answers; ++interim) {
      while (!decoder.header_done()) {
        const auto more = co_await advance();
        if (!more) co_return std::unexpected{more.error()};
      }
      response = decoder.take();
      if (response.status >= 200) co_return Result<>{};
      if (response.status == 101)
        co_return fail(Errc::invalid_input, "the server changed the protocol unasked");
      decoder = Decoder<Response>{limits};
      if (head) decoder.expect_no_body();
    }
    co_return fail(Errc::invalid_input, "too many interim answers");
  }

  /// Takes in what has arrived, or waits for more.
  Task<> advance() {
    if (rest.empty()) {
      if (filled && buffer.size() < most_read_bytes) buffer = std::vector<char>(buffer.size() * 4);
      const auto n = co_await lease->transport().read_some(buffer);
      if (!n) co_return std::unexpected{n.error()};
      if (*n == 0) {
        if (!decoder.started()) co_return fail(Errc::unavailable, "closed before an answer");
        if (!decoder.header_done()) co_return fail(Errc::unavailable, "closed within the header");
        const auto ended = decoder.end_of_stream();
        if (!ended) co_return fail(Errc::unavailable, "closed within the body");
        co_return Result<>{};
      }
      rest = {buffer.data(), *n};
      filled = *n == buffer.size();
    }
    const auto used = decoder.push(rest);
    if (!used) co_return std::unexpected{used.error()};
    rest.remove_prefix(*used);
    co_return Result<>{};
  }

  /// The answer is complete: the connection goes back if it can carry another.
  void finish() {
    if (lease && decoder.keep_alive() && rest.empty()) lease->keep();
    lease.reset();
  }

  std::optional<Pool::Lease> lease;
  DecoderLimits limits;
  bool head;
  Decoder<Response> decoder;
  Response response;
  std::vector<char> buffer = std::vector<char>(waiting_bytes);
  std::string_view rest;  ///< The part of `buffer` that is not yet understood.
  bool filled = false;    ///< The last read found as much as there was place for.
};

StreamedResponse::StreamedResponse(std::unique_ptr<Exchange> exchange)
    : exchange_{std::move(exchange)} {}

StreamedResponse::~StreamedResponse() = default;
StreamedResponse::StreamedResponse(StreamedResponse&&) noexcept = default;
StreamedResponse& StreamedResponse::operator=(StreamedResponse&&) noexcept = default;

int StreamedResponse::status() const noexcept {
  return exchange_->response.status;
}

const Headers& StreamedResponse::headers() const noexcept {
  return exchange_->response.headers;
}

Task<std::optional<std::string>> StreamedResponse::next(Deadline deadline) {
  auto& exchange = *exchange_;
  if (!exchange.response.body.empty()) co_return std::exchange(exchange.response.body, {});
  while (true) {
    auto piece = exchange.decoder.take_body();
    if (!piece.empty()) co_return std::move(piece);
    if (exchange.decoder.done()) {
      exchange.finish();
      co_return std::nullopt;
    }
    if (!exchange.lease) co_return fail(Errc::unavailable, "the answer broke off before");
    const auto more = co_await with_deadline(deadline, exchange.advance());
    if (!more) {
      exchange.lease.reset();
      co_return std::unexpected{more.error()};
    }
  }
}

Client::Client(asio::any_io_executor executor, std::shared_ptr<TlsContext> tls, PoolLimits limits)
    : Client{sockets(std::move(executor), std::move(tls)), limits} {}

Client::Client(Pool::Connect connect, PoolLimits limits) : pool_{std::move(connect), limits} {}

Task<std::unique_ptr<StreamedResponse::Exchange>> Client::begin(Call call) {
  if (!find(call.request.headers, "Host"))
    call.request.headers.emplace(call.request.headers.begin(), "Host", host_header(call.origin));
  auto bytes = encode(call.request, Framing{});
  if (!bytes) co_return std::unexpected{bytes.error()};
  const DecoderLimits limits{.header_bytes = call.header_limit_bytes,
                             .body_bytes = call.body_limit_bytes};
  const bool head = call.request.method == "HEAD";
  // What is never sent twice need not be kept while the answer is waited for.
  const bool repeatable = may_be_repeated(call.request.method);
  std::string{}.swap(call.request.body);  // assigning an empty one would keep the memory

  bool fresh = false;
  while (true) {
    auto lease = co_await pool_.acquire(call.origin, fresh);
    if (!lease) co_return std::unexpected{lease.error()};
    const bool may_repeat = lease->reused() && repeatable;
    auto exchange = std::make_unique<StreamedResponse::Exchange>(*std::move(lease), limits, head);
    if (call.on_sending) call.on_sending();
    auto outcome =
        co_await exchange->lease->transport().write(repeatable ? *bytes : std::move(*bytes));
    if (outcome) outcome = co_await exchange->read_header();
    if (outcome) co_return std::move(exchange);
    const bool stale = outcome.error().code == Errc::unavailable && !exchange->decoder.started();
    if (!may_repeat || !stale) co_return std::unexpected{outcome.error()};
    fresh = true;
  }
}

Task<Response> Client::whole(Call call) {
  auto exchange = co_await begin(std::move(call));
  if (!exchange) co_return std::unexpected{exchange.error()};
  auto& decoder = (*exchange)->decoder;
  auto& response = (*exchange)->response;
  while (!decoder.done()) {
    const auto more = co_await (*exchange)->advance();
    if (!more) co_return std::unexpected{more.error()};
  }
  response.body += decoder.take_body();
  (*exchange)->finish();
  co_return std::move(response);
}

Task<> Client::warm(Origin origin, Deadline deadline) {
  co_return co_await with_deadline(deadline, pool_.warm(std::move(origin)));
}

Task<Response> Client::send(Call call, Deadline deadline) {
  co_return co_await with_deadline(deadline, whole(std::move(call)));
}

Task<StreamedResponse> Client::open(Call call, Deadline deadline) {
  auto exchange = co_await with_deadline(deadline, begin(std::move(call)));
  if (!exchange) co_return std::unexpected{exchange.error()};
  co_return StreamedResponse{*std::move(exchange)};
}

}  // namespace sallyport::http
