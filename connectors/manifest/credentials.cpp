#include "connectors/manifest/credentials.hpp"

#include "connectors/manifest/answer.hpp"
#include "connectors/manifest/request.hpp"
#include "connectors/manifest/shown.hpp"
#include "connectors/manifest/sigv4.hpp"
#include "engine/base/cut.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/rsa_signature.hpp"
#include "engine/match/encode.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace sallyport::connectors::manifest {

namespace {

constexpr std::chrono::seconds pause_after_refusal{60};
constexpr std::chrono::seconds longest_margin{60};
constexpr std::int64_t assertion_lifetime_s = 3600;  ///< The longest that Google takes.

/// Wakes those who wait for a login, however it ends.
class Fetching {
 public:
  Fetching(std::shared_ptr<asio::steady_timer>& slot, const asio::any_io_executor& executor)
      : slot_{slot} {
    slot_ = std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
  }

  ~Fetching() {
    slot_->cancel();
    slot_.reset();
  }

  Fetching(const Fetching&) = delete;
  Fetching& operator=(const Fetching&) = delete;

 private:
  std::shared_ptr<asio::steady_timer>& slot_;
};

/// Base64 for URLs, without padding (RFC 4648, 5).
std::string to_base64url(std::string_view bytes) {
  auto text = match::to_base64(bytes);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

}  // namespace

Credentials::Credentials(std::shared_ptr<const Plan> plan, Wire& wire, const Clock& clock)
    : plan_{std::move(plan)}, wire_{wire}, clock_{clock} {}

Result<std::unique_ptr<Credentials>> Credentials::make(std::shared_ptr<const Plan> plan,
                                                       const Config& config,
                                                       Wire& wire,
                                                       const Clock& clock) {
  std::unique_ptr<Credentials> made{new Credentials{plan, wire, clock}};
  for (const auto& [name, reference] : config.secrets) {
    if (std::ranges::find(plan->secrets, name) == plan->secrets.end())
      return fail(
          Errc::invalid_input,
          fmt::format(
              "secrets.{}: the manifest asks for {}", name, fmt::join(plan->secrets, ", ")));
  }
  for (const auto& name : plan->secrets) {
    const auto found = config.secrets.find(name);
    if (found == config.secrets.end())
      return fail(Errc::invalid_input, fmt::format("secrets.{}: is missing", name));
    auto secret = resolve_secret(found->second);
    if (!secret)
      return fail(secret.error().code, fmt::format("secrets.{}: {}", name, secret.error().detail));
    made->secrets_.emplace(name, *std::move(secret));
  }
  return made;
}

json::value Credentials::facts(const json::value& options) const {
  json::object secrets;
  for (const auto& [name, secret] : secrets_) secrets.emplace(name, secret.reveal());
  return json::value(json::object{{"secret", std::move(secrets)}, {"options", options}});
}

std::vector<std::string> Credentials::hidden() const {
  std::vector<std::string> all{token_.text.reveal(), basic_.reveal()};
  for (const auto& [name, secret] : secrets_) all.push_back(secret.reveal());
  return all;
}

std::string Credentials::redacted(std::string text) const {
  return without(std::move(text), hidden());
}

std::string Credentials::reason(std::string why) const {
  constexpr std::size_t longest_bytes = 600;
  return std::string{cut(redacted(std::move(why)), longest_bytes)};
}

std::optional<Sent> Credentials::shown(const http::Request& request,
                                       const std::string& endpoint,
                                       const std::string& besides) const {
  if (!witness_) return std::nullopt;
  auto all = hidden();
  all.push_back(besides);
  return manifest::shown(request, wire_.base(endpoint).origin, plan_->auth, all);
}

bool Credentials::refused(std::uint64_t number) {
  if (!plan_->auth.login) return false;
  if (number == token_.number) token_.text = Secret{};
  return true;
}

Result<std::string> Credentials::basic(const json::value& facts) {
  const auto user = plan_->auth.user.text(facts);
  if (!user) return std::unexpected{user.error()};
  const auto password = plan_->auth.password.text(facts);
  if (!password) return std::unexpected{password.error()};
  auto text = match::to_base64(user->value_or("") + ":" + password->value_or(""));
  basic_ = Secret{text};
  return "Basic " + std::move(text);
}

Result<std::string> Credentials::assertion(const json::value& facts) const {
  const auto& plan = *plan_->auth.assertion;
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
  json::object claims{{"iat", now}, {"exp", now + assertion_lifetime_s}};
  for (const auto& [name, made] : {std::pair{"iss", &plan.issuer},
                                   {"sub", &plan.subject},
                                   {"aud", &plan.audience},
                                   {"scope", &plan.scope}}) {
    const auto text = made->text(facts);
    if (!text) return std::unexpected{text.error()};
    if (*text && !(*text)->empty()) claims.emplace(name, **text);
  }
  const auto head = to_base64url(R"({"alg":"RS256","typ":"JWT"})") + '.' +
                    to_base64url(to_json(json::value(std::move(claims))));
  const auto signature = rsa_sha256_signature(secrets_.at(plan.key).reveal(), head);
  if (!signature)
    return fail(signature.error().code,
                fmt::format("secrets.{}: {}", plan.key, signature.error().detail));
  return head + '.' + to_base64url(*signature);
}

Result<> Credentials::keep_token(const json::value& record) {
  const auto value = value_at(record, plan_->auth.token);
  const auto* text = value ? value->if_string() : nullptr;
  if (!text || text->empty()) return fail(Errc::unavailable, "the login's answer holds no token");
  token_.text = Secret{std::string{text->data(), text->size()}};
  ++token_.number;
  auto lifetime = std::chrono::duration<double>{plan_->auth.lifetime_s};
  if (!plan_->auth.lifetime.empty()) {
    const auto seconds = value_at(record, plan_->auth.lifetime);
    if (seconds && seconds->is_number())
      lifetime = std::chrono::duration<double>{std::clamp(seconds->to_number<double>(), 0.0, 1e7)};
  }
  token_.until = Pace::Clock::time_point::max();
  if (lifetime.count() > 0) {
    const auto margin = std::min<std::chrono::duration<double>>(longest_margin, lifetime / 5);
    token_.until =
        Pace::Clock::now() + std::chrono::duration_cast<Pace::Clock::duration>(lifetime - margin);
  }
  return {};
}

Task<> Credentials::log_in(json::value options, Deadline deadline) {
  const auto& step = *plan_->auth.login;
  auto known = facts(options);
  std::string asserted;
  if (plan_->auth.assertion) {
    auto made = assertion(known);
    if (!made) co_return std::unexpected{made.error()};
    asserted = *std::move(made);
    known.as_object()["auth"] = json::object{{"assertion", asserted}};
  }
  auto request = build(step.request, wire_.base(step.request.endpoint), known);
  if (!request) co_return std::unexpected{request.error()};
  if (plan_->auth.login_basic) {
    auto header = basic(known);
    if (!header) co_return std::unexpected{header.error()};
    request->headers.emplace_back("Authorization", *std::move(header));
  }
  const auto sent = shown(*request, step.request.endpoint, asserted);
  auto exchange = co_await wire_.exchange(
      step.request.endpoint, *std::move(request), step.request.timeout, deadline);
  if (!exchange) co_return std::unexpected{exchange.error()};
  if (exchange->sent) tell(sent);
  if (!exchange->answer)
    co_return fail(Errc::unavailable, "login: " + exchange->answer.error().detail);
  const auto record =
      with_answer(json::value(json::object{}), *std::move(exchange->answer), step.request.accept);
  const auto judged = judge(*plan_, step, record, clock_.now());
  if (judged.kind == Judgement::Kind::good) co_return keep_token(record);
  const auto why = reason("login: " + judged.why);
  if (judged.means == AnswerClass::rate_limited) {
    wire_.hold_for(judged.retry_after.value_or(std::chrono::seconds{1}));
    co_return fail(Errc::unavailable, why);
  }
  if (judged.kind == Judgement::Kind::unclear || judged.means == AnswerClass::retryable)
    co_return fail(Errc::unavailable, why);
  no_login_until_ = Pace::Clock::now() + pause_after_refusal;
  why_no_login_ = why;
  co_return fail(Errc::denied, why);
}

Task<> Credentials::need_token(json::value options, Deadline deadline) {
  for (;;) {
    const auto now = Pace::Clock::now();
    if (!token_.text.empty() && now < token_.until) co_return Result<>{};
    if (!fetching_) break;
    const auto waiting = fetching_;
    const auto [woken] = co_await waiting->async_wait(asio::as_tuple(asio::use_awaitable));
    (void)woken;  // the state says what it means
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      co_return fail(Errc::cancelled, "cancelled while waiting for a login");
  }
  if (Pace::Clock::now() < no_login_until_) co_return fail(Errc::denied, why_no_login_);
  const Fetching mine{fetching_, co_await asio::this_coro::executor};
  co_return co_await log_in(std::move(options), deadline);
}

Result<> Credentials::sign(http::Request& request,
                           const std::string& endpoint,
                           const json::value& options) {
  const auto& plan = *plan_->auth.signature;
  auto known = facts(options);
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch())
          .count();
  std::string nonce;
  for (int i = 0; i < 4; ++i) nonce += fmt::format("{:016x}", chance_());
  auto& root = known.as_object();
  root["auth"] =
      json::object{{"timestamp_ms", ms}, {"timestamp_s", ms / 1000}, {"nonce", std::move(nonce)}};
  root["request"] = json::object{{"method", request.method},
                                 {"host", wire_.base(endpoint).origin.host},
                                 {"target", request.target},
                                 {"body", request.body},
                                 {"body_sha256", to_hex(sha256(request.body))}};
  std::string text;
  for (std::size_t i = 0; i < plan.text.size(); ++i) {
    const auto part = plan.text[i].text(known);
    if (!part) return std::unexpected{part.error()};
    if (i > 0) text += plan.separator;
    text += part->value_or("");
  }
  const auto digest = plan.algorithm == Algorithm::sha256
                          ? sha256(text)
                          : hmac_sha256(secrets_.at(plan.secret).reveal(), text);
  root["auth"].as_object()["signature"] =
      plan.encoding == Encoding::hex ? to_hex(digest) : match::to_base64(raw_bytes(digest));
  for (const auto& [name, value] : plan.headers) {
    auto made = value.text(known);
    if (!made) return std::unexpected{made.error()};
    if (*made) request.headers.emplace_back(name, **std::move(made));
  }
  return {};
}

Result<> Credentials::sign_for_aws(http::Request& request,
                                   const std::string& endpoint,
                                   const json::value& options) const {
  const auto& plan = *plan_->auth.aws;
  const auto region = plan.region.text(facts(options));
  if (!region) return std::unexpected{region.error()};
  const auto named = region->value_or("");
  return sign_v4(request,
                 http::host_header(wire_.base(endpoint).origin),
                 {.region = named,
                  .service = plan.service,
                  .access_key = secrets_.at(plan.access_key).reveal(),
                  .secret_key = secrets_.at(plan.secret_key).reveal()},
                 clock_.now());
}

Task<std::uint64_t> Credentials::apply(http::Request& request,
                                       std::string endpoint,
                                       json::value options,
                                       Deadline deadline) {
  const auto& auth = plan_->auth;
  const auto put = [&](const std::string& text) {
    if (!auth.member.empty()) {
      auto body = parse_json(request.body);
      if (!body || !body->is_object()) return;  // a request without a JSON body goes without it
      body->get_object()[auth.member] = auth.prefix + text;
      request.body = to_json(*body);
    } else if (auth.query.empty()) {
      request.headers.emplace_back(auth.header, auth.prefix + text);
    } else {
      request.target = with_query(std::move(request.target), auth.query, auth.prefix + text);
    }
  };
  switch (auth.kind) {
    case AuthKind::none:
    case AuthKind::mtls:
      break;
    case AuthKind::api_key:
    case AuthKind::bearer:
      put(secrets_.at(auth.secret).reveal());
      break;
    case AuthKind::basic: {
      auto header = basic(facts(options));
      if (!header) co_return std::unexpected{header.error()};
      request.headers.emplace_back("Authorization", *std::move(header));
      break;
    }
    case AuthKind::hmac: {
      const auto made = sign(request, endpoint, options);
      if (!made) co_return std::unexpected{made.error()};
      break;
    }
    case AuthKind::aws_sigv4: {
      const auto made = sign_for_aws(request, endpoint, options);
      if (!made) co_return std::unexpected{made.error()};
      break;
    }
    case AuthKind::oauth2:
    case AuthKind::session: {
      const auto there = co_await need_token(std::move(options), deadline);
      if (!there) co_return std::unexpected{there.error()};
      put(token_.text.reveal());
      break;
    }
  }
  co_return token_.number;
}

}  // namespace sallyport::connectors::manifest
