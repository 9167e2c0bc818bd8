#include "connectors/models/provider.hpp"

#include "connectors/models/waiting.hpp"
#include "engine/http/sse.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace sallyport::connectors::models {

namespace {

using reason::CallOutcome;
using reason::Finished;
using reason::ModelAnswer;
using std::chrono::milliseconds;
using Steady = Deadline::Clock;

constexpr std::uint32_t header_bytes = 32 << 10;
constexpr std::uint64_t body_bytes = 8ULL << 20U;
constexpr std::size_t event_bytes = 1 << 20;
constexpr std::size_t error_bytes = 64 << 10;
constexpr milliseconds for_the_last_chunk{20};
constexpr std::size_t most_envelopes = 8;
// Keeping a connection ready.
constexpr milliseconds to_connect{10'000};
constexpr milliseconds between_looks{1'000};
constexpr milliseconds most_between_looks{60'000};

milliseconds since(Steady::time_point start) {
  return std::chrono::duration_cast<milliseconds>(Steady::now() - start);
}

milliseconds left_of(Deadline deadline) {
  return std::chrono::duration_cast<milliseconds>(deadline.at() - Steady::now());
}

/// What an error of the transport means.
Finished broken(const Error& error, bool begun) {
  Finished end{
      .outcome = CallOutcome::unreachable, .detail = error.detail, .retry_after = std::nullopt};
  if (error.code == Errc::expired) {
    end.outcome = CallOutcome::timeout;
    end.detail = begun ? "it stopped in the middle" : "it did not begin to answer";
  } else if (error.code == Errc::cancelled) {
    end.outcome = CallOutcome::cancelled;
  } else if (error.code == Errc::invalid_input) {
    end.outcome = CallOutcome::malformed;
  }
  return end;
}

bool is_stream(const http::Headers& headers) {
  const auto* type = http::find(headers, "Content-Type");
  return type && type->find("text/event-stream") != std::string::npos;
}

/// One answer as it comes in.
class Reception {
 public:
  Reception(Dialect dialect,
            const std::string& answer_name,
            Steady::time_point asked,
            reason::LanguageModel::FirstToken told)
      : decoder_{make_decoder(dialect, answer_name)}, asked_{asked}, told_{std::move(told)} {}

  void take(Events events) {
    for (auto& event : events) {
      transcript_.add(std::move(event));
      if (!transcript_.begun() || first_token_) continue;
      first_token_ = since(asked_);
      if (told_) told_();
    }
  }

  void push(std::string_view bytes) {
    auto events = parser_.push(bytes);
    if (!events) return take({broken(events.error(), begun())});
    for (const auto& event : *events) {
      // Between events there may be comments and others without data: not ours.
      if (!event.data.empty()) take(decoder_->event(event));
    }
  }

  void whole(std::string_view body) { take(decoder_->whole(body)); }

  void end() { take(decoder_->end()); }

  [[nodiscard]] bool begun() const { return transcript_.begun(); }

  [[nodiscard]] bool finished() const { return transcript_.finished(); }

  [[nodiscard]] ModelAnswer result() {
    auto answer = transcript_.take();
    answer.first_token = first_token_;
    return answer;
  }

 private:
  std::unique_ptr<Decoder> decoder_;
  reason::Transcript transcript_;
  http::SseParser parser_{event_bytes};
  Steady::time_point asked_;
  reason::LanguageModel::FirstToken told_;
  std::optional<milliseconds> first_token_;
};

/// Whether a call that came without a count was read all the same: one that was cut off, or
/// answered without the usage. What was refused was not.
bool may_have_cost(const ModelAnswer& answer) {
  return answer.first_token || answer.outcome == CallOutcome::timeout ||
         answer.outcome == CallOutcome::cancelled;
}

ModelAnswer ended(Finished end) {
  ModelAnswer answer;
  answer.outcome = end.outcome;
  answer.detail = std::move(end.detail);
  answer.retry_after = end.retry_after;
  return answer;
}

std::string path_of(const ProviderSettings& settings, std::string_view base) {
  std::string path{base};
  while (path.ends_with('/')) path.pop_back();
  path += settings.kind == Dialect::anthropic ? "/messages" : "/chat/completions";
  if (!settings.api_version.empty())
    path += "?api-version=" + http::percent_encoded(settings.api_version);
  return path;
}

}  // namespace

Result<std::shared_ptr<Provider>> Provider::make(std::string name,
                                                 ProviderSettings settings,
                                                 std::shared_ptr<http::Client> client,
                                                 const Clock& clock,
                                                 Chance chance) {
  auto url = http::parse_url(settings.url);
  if (!url) return fail(Errc::invalid_input, "url: " + url.error().detail);
  url->target = path_of(settings, url->target);
  Secret key;
  if (!settings.key.empty()) {
    auto resolved = resolve_secret(settings.key);
    if (!resolved) return fail(resolved.error().code, "key: " + resolved.error().detail);
    key = *std::move(resolved);
  }
  if (settings.model.empty() && settings.kind != Dialect::azure &&
      settings.kind != Dialect::llama_cpp)
    return fail(Errc::invalid_input, "model is missing: the name that the provider knows it by");
  if (settings.extra.contains("messages"))
    return fail(Errc::invalid_input, "extra: messages are what is asked, and cannot be given");
  if (settings.attempts == 0 || settings.connections == 0 || settings.first_token_ms == 0 ||
      settings.stall_ms == 0)
    return fail(Errc::invalid_input,
                "attempts, connections, first_token_ms and stall_ms are at least 1");
  return std::shared_ptr<Provider>{new Provider{std::move(name),
                                                std::move(settings),
                                                *std::move(url),
                                                std::move(key),
                                                std::move(client),
                                                clock,
                                                std::move(chance)}};
}

Provider::Provider(std::string name,
                   ProviderSettings settings,
                   http::Url url,
                   Secret key,
                   std::shared_ptr<http::Client> client,
                   const Clock& clock,
                   Chance chance)
    : name_{std::move(name)},
      settings_{std::move(settings)},
      wire_{.dialect = settings_.kind,
            .model = settings_.model,
            .stream = settings_.stream,
            .temperature = settings_.temperature,
            .extra = settings_.extra},
      url_{std::move(url)},
      key_{std::move(key)},
      client_{std::move(client)},
      clock_{clock},
      chance_{std::move(chance)},
      turnstile_{{.at_once = settings_.connections,
                  .per_minute = static_cast<std::int64_t>(settings_.tokens_per_minute)}} {}

const Envelope& Provider::envelope_of(const std::shared_ptr<const reason::Form>& form) {
  for (const auto& [known, envelope] : envelopes_) {
    if (known == form) return envelope;
  }
  if (envelopes_.size() == most_envelopes) envelopes_.pop_front();
  return envelopes_.emplace_back(form, make_envelope(*form, wire_)).second;
}

http::Call Provider::call(const reason::ModelRequest& request) {
  http::Headers headers{{"Content-Type", "application/json"},
                        {"Accept", wire_.stream ? "text/event-stream" : "application/json"}};
  if (settings_.kind == Dialect::anthropic) headers.emplace_back("anthropic-version", "2023-06-01");
  if (!key_.empty()) {
    if (settings_.kind == Dialect::anthropic) {
      headers.emplace_back("x-api-key", key_.reveal());
    } else if (settings_.kind == Dialect::azure) {
      headers.emplace_back("api-key", key_.reveal());
    } else {
      headers.emplace_back("Authorization", "Bearer " + key_.reveal());
    }
  }
  return {.origin = url_.origin,
          .request = {.method = "POST",
                      .target = url_.target,
                      .headers = std::move(headers),
                      .body = encode_body(envelope_of(request.form), request.messages)},
          .header_limit_bytes = header_bytes,
          .body_limit_bytes = body_bytes};
}

asio::awaitable<Finished> Provider::refused(http::StreamedResponse response, Deadline deadline) {
  std::string body;
  while (body.size() < error_bytes) {
    auto piece = co_await response.next(deadline);
    if (!piece || !*piece) break;
    body += **piece;
  }
  co_return read_error(settings_.kind, response.status(), response.headers(), body, clock_.now());
}

asio::awaitable<ModelAnswer> Provider::once(std::shared_ptr<const reason::ModelRequest> request,
                                            Deadline deadline,
                                            FirstToken first_token) {
  const auto asked = Steady::now();
  const auto silence = deadline.tightened_to(milliseconds{settings_.first_token_ms});
  auto opened = co_await client_->open(call(*request), silence);
  if (!opened) co_return ended(broken(opened.error(), false));
  if (opened->status() != 200) co_return ended(co_await refused(*std::move(opened), silence));

  auto response = *std::move(opened);
  Reception reception{settings_.kind, request->form->answer_name, asked, std::move(first_token)};
  const bool streamed = is_stream(response.headers());
  std::string body;
  while (!reception.finished()) {
    const auto until =
        reception.begun() ? deadline.tightened_to(milliseconds{settings_.stall_ms}) : silence;
    auto piece = co_await response.next(until);
    if (!piece) {
      reception.take({broken(piece.error(), reception.begun())});
    } else if (!*piece) {
      if (streamed) {
        reception.end();
      } else {
        reception.whole(body);
      }
      co_return reception.result();
    } else if (streamed) {
      reception.push(**piece);
    } else {
      body += **piece;
    }
  }
  // The end of the body may be on its way: then the connection can carry another call.
  const auto rest = co_await response.next(Deadline::in(for_the_last_chunk));
  (void)rest;
  co_return reception.result();
}

void Provider::price(ModelAnswer& answer) const {
  if (!settings_.usd_per_million_in || !settings_.usd_per_million_out) return;
  const auto& usage = answer.usage;
  const auto cached_price =
      settings_.usd_per_million_cached.value_or(*settings_.usd_per_million_in);
  const auto fresh = static_cast<double>(usage.tokens_in - usage.tokens_cached);
  answer.usd = (fresh * *settings_.usd_per_million_in +
                static_cast<double>(usage.tokens_cached) * cached_price +
                static_cast<double>(usage.tokens_out) * *settings_.usd_per_million_out) /
               1e6;
}

asio::awaitable<ModelAnswer> Provider::attempt(std::shared_ptr<const reason::ModelRequest> request,
                                               Deadline deadline,
                                               FirstToken first_token) {
  const auto expected = reason::estimated_tokens(*request);
  Claim claim{.party = request->tenant,
              .urgency = request->urgency,
              .due = request->due.value_or(deadline).at(),
              .until = deadline.at() - least_for_an_answer,
              .cost = expected + request->form->max_output_tokens};
  auto pass = co_await turnstile_.enter(std::move(claim));
  if (!pass) {
    const bool late = pass.error().code == Errc::expired;
    auto answer = ended({.outcome = late ? CallOutcome::no_room : CallOutcome::cancelled,
                         .detail = late ? "not asked: its turn did not come in time" : "",
                         .retry_after = std::nullopt});
    answer.usage.measured = true;
    co_return answer;
  }
  auto answer = co_await once(request, deadline, std::move(first_token));
  if (!answer.usage.measured && may_have_cost(answer)) answer.usage.tokens_in = expected;
  pass->settle(answer.usage.tokens_in + answer.usage.tokens_out);
  co_return answer;
}

asio::awaitable<void> Provider::keep_warm() {
  asio::steady_timer timer{co_await asio::this_coro::executor};
  auto pause = between_looks;
  for (;;) {
    const auto ready = co_await client_->warm(url_.origin, Deadline::in(to_connect));
    // One that cannot be reached is not knocked at all the time.
    pause = ready ? between_looks : std::min(pause * 2, most_between_looks);
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<ModelAnswer> Provider::ask(std::shared_ptr<const reason::ModelRequest> request,
                                           Deadline deadline,
                                           FirstToken first_token) {
  const auto started = Steady::now();
  const auto finish = [&](ModelAnswer answer, std::uint32_t attempts) {
    answer.model = name_;
    answer.attempts = attempts;
    answer.took = since(started);
    price(answer);
    return answer;
  };
  if (Steady::now() < throttled_until_) {
    auto answer =
        ended({.outcome = CallOutcome::rate_limited,
               .detail = "not asked: it said to wait",
               .retry_after = std::chrono::ceil<milliseconds>(throttled_until_ - Steady::now())});
    answer.usage.measured = true;
    co_return finish(std::move(answer), 0);
  }
  for (std::uint32_t attempt = 1;; ++attempt) {
    auto answer = co_await this->attempt(request, deadline, first_token);
    if (answer.outcome == CallOutcome::no_room) co_return finish(std::move(answer), attempt - 1);
    const Attempt made{.outcome = answer.outcome,
                       .begun = answer.first_token.has_value(),
                       .number = attempt,
                       .retry_after = answer.retry_after};
    if (answer.outcome == CallOutcome::rate_limited && answer.retry_after)
      throttled_until_ = std::max(throttled_until_, Steady::now() + *answer.retry_after);
    const auto wait = wait_before_retry(made, settings_.attempts, left_of(deadline), chance_());
    if (!wait) co_return finish(std::move(answer), attempt);
    asio::steady_timer timer{co_await asio::this_coro::executor, *wait};
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) {
      answer.outcome = CallOutcome::cancelled;
      co_return finish(std::move(answer), attempt);
    }
  }
}

}  // namespace sallyport::connectors::models
