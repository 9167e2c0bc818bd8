#include "connectors/native/smtp/smtp.hpp"

#include "connectors/manifest/value_type.hpp"
#include "connectors/native/base/text.hpp"
#include "engine/base/on_pool.hpp"
#include "engine/http/socket.hpp"
#include "engine/match/encode.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sallyport::connectors::smtp {

namespace {

using manifest::ValueType;

constexpr std::int64_t message_limit_bytes = 16'000;

std::string domain_of(std::string_view address) {
  return std::string{address.substr(address.find('@') + 1)};
}

std::string hello_of(const Config& config) {
  return "EHLO " + domain_of(config.from);
}

std::vector<std::string> envelope_of(const Letter& letter) {
  std::vector<std::string> commands{fmt::format("MAIL FROM:<{}>", letter.from)};
  for (const auto& to : letter.to) commands.push_back(fmt::format("RCPT TO:<{}>", to));
  return commands;
}

/// `text` as a mail address. Errors: invalid_input, naming `what`.
Result<std::string> address(std::string_view what, std::string_view text) {
  auto good = manifest::checked(what, {.type = ValueType::email}, json::value(text));
  if (!good) return std::unexpected{good.error()};
  return std::string{good->get_string()};
}

Error refused(const Reply& reply, std::string_view what) {
  return {reply.code / 100 == 4 ? Errc::unavailable : Errc::denied,
          fmt::format("{}: the mail server answered {}", what, reply.text())};
}

Result<> check_config(const Config& config) {
  const auto wrong = [](std::string_view option, std::string_view why) {
    return fail(Errc::invalid_input, fmt::format("{}: {}", option, why));
  };
  if (config.host.empty()) return wrong("host", "is missing");
  if (const auto from = address("from", config.from); !from) return std::unexpected{from.error()};
  if (config.domains.empty())
    return wrong("domains", "names the domains that mail may go to, e.g. [acme.example]");
  if (config.user.empty() != config.password.empty())
    return wrong("user", "user and password go together");
  if (!config.user.empty() && config.security == Security::none)
    return wrong("security", "a password is not sent without TLS");
  if (config.timeout_ms < 1'000 || config.timeout_ms > 60'000)
    return wrong("timeout_ms", "goes from 1000 to 60000");
  for (const auto& [channel, list] : config.channels) {
    if (list.empty()) return wrong("channels." + channel, "is empty");
    for (const auto& entry : list)
      if (const auto good = address("channels." + channel, entry); !good)
        return std::unexpected{good.error()};
  }
  return {};
}

}  // namespace

Smtp::Smtp(Config config,
           Secret password,
           std::shared_ptr<http::TlsContext> tls,
           const Clock& clock,
           asio::any_io_executor executor)
    : config_{std::move(config)},
      password_{std::move(password)},
      tls_{std::move(tls)},
      clock_{clock},
      executor_{std::move(executor)} {}

Result<std::unique_ptr<Smtp>> Smtp::make(Config config,
                                         const Clock& clock,
                                         asio::any_io_executor executor) {
  if (auto ok = check_config(config); !ok) return std::unexpected{ok.error()};
  if (config.port == 0) config.port = config.security == Security::tls ? 465 : 587;
  Secret password;
  if (!config.password.empty()) {
    auto resolved = resolve_secret(config.password);
    if (!resolved) return fail(resolved.error().code, "password: " + resolved.error().detail);
    password = *std::move(resolved);
  }
  std::shared_ptr<http::TlsContext> tls;
  if (config.security != Security::none) {
    auto made = http::TlsContext::client({.ca_file = config.ca_file});
    if (!made) return std::unexpected{made.error()};
    tls = *std::move(made);
  }
  return std::unique_ptr<Smtp>{
      new Smtp{std::move(config), std::move(password), std::move(tls), clock, std::move(executor)}};
}

const std::vector<std::string>& Smtp::verbs() const {
  static const std::vector<std::string> all{"notify"};
  return all;
}

Result<Letter> Smtp::letter_of(const act::Operation& operation) const {
  if (operation.verb != "notify") return fail(Errc::invalid_input, "mail runs notify");
  if (auto ok = check_parameters(operation.parameters, {"message", "severity"}); !ok)
    return std::unexpected{ok.error()};
  const auto* given = operation.parameters.if_contains("message");
  const auto message = manifest::checked("`message`",
                                         {.type = ValueType::prose, .most = message_limit_bytes},
                                         given ? *given : json::value{});
  if (!message) return std::unexpected{message.error()};
  Letter letter{.from = config_.from, .at = clock_.now()};
  const auto& target = operation.target;
  if (target.kind == "channel") {
    const auto found = config_.channels.find(target.value);
    if (found == config_.channels.end())
      return fail(Errc::invalid_input, "no such channel under the option `channels`");
    letter.to = found->second;
  } else if (target.kind == "email") {
    auto to = address("the target", target.value);
    if (!to) return std::unexpected{to.error()};
    letter.to.push_back(*std::move(to));
  } else {
    return fail(Errc::invalid_input, "the target must be of kind email or channel");
  }
  for (const auto& to : letter.to)
    if (std::ranges::find(config_.domains, domain_of(to)) == config_.domains.end())
      return fail(
          Errc::denied,
          fmt::format("mail goes to addresses in {} only", fmt::join(config_.domains, ", ")));
  letter.text = std::string{message->get_string()};
  const auto severity = text_of(operation.parameters, "severity");
  letter.subject = fmt::format("{}{}{} {}",
                               config_.subject,
                               severity.empty() ? "" : " ",
                               severity,
                               letter.text.substr(0, letter.text.find('\n')));
  const auto id = manifest::checked(
      "the idempotency key",
      {.type = ValueType::id},
      json::value(operation.idempotency_key.empty() ? "none" : operation.idempotency_key));
  if (!id) return std::unexpected{id.error()};
  letter.id = std::string{id->get_string()};
  return letter;
}

Result<> Smtp::check(const act::Operation& operation) const {
  const auto letter = letter_of(operation);
  if (!letter) return std::unexpected{letter.error()};
  return {};
}

Result<std::vector<act::Planned>> Smtp::preview(const act::Operation& operation) const {
  auto letter = letter_of(operation);
  if (!letter) return std::unexpected{letter.error()};
  if (operation.idempotency_key.empty()) letter->id = "${{ run.id }}";
  std::vector<act::Planned> planned;
  const auto add = [&](std::string step, std::string line) {
    planned.push_back(
        {.phase = "act",
         .step = std::move(step),
         .request = {.method = "smtp",
                     .url = fmt::format("{}://{}:{}",
                                        config_.security == Security::tls ? "smtps" : "smtp",
                                        config_.host,
                                        config_.port),
                     .headers = {},
                     .body = std::move(line)}});
  };
  const auto hello = hello_of(config_);
  add("hello", hello);
  if (config_.security == Security::starttls) {
    add("tls", "STARTTLS");
    add("hello", hello);
  }
  if (!config_.user.empty()) add("login", "AUTH PLAIN ***");
  for (auto& command : envelope_of(*letter)) add("envelope", std::move(command));
  add("data", "DATA");
  add("mail", mail_of(*letter) + ".\r\n");
  add("bye", "QUIT");
  return planned;
}

Task<act::Reading> Smtp::read(act::Operation operation, Deadline) {
  const auto letter = letter_of(operation);
  if (!letter) co_return std::unexpected{letter.error()};
  co_return act::Reading{.detail = "a mail server shows no mail that it took"};
}

Task<> Smtp::let_us_in(Dialog& dialog, Reply hello) const {
  if (config_.user.empty()) co_return Result<>{};
  if (!hello.offers("AUTH", "PLAIN"))
    co_return fail(Errc::denied, "the mail server does not offer AUTH PLAIN");
  const std::string nothing(1, '\0');
  const auto words = match::to_base64(nothing + config_.user + nothing + password_.reveal());
  const auto reply = co_await dialog.ask("AUTH PLAIN " + words);
  if (!reply) co_return std::unexpected{reply.error()};
  if (reply->code != 235) co_return std::unexpected{refused(*reply, "AUTH")};
  co_return Result<>{};
}

Task<std::unique_ptr<Dialog>> Smtp::open() const {
  const bool tls_first = config_.security == Security::tls;
  auto transport =
      co_await http::connect(executor_,
                             {.host = config_.host, .port = std::to_string(config_.port)},
                             tls_first ? tls_ : nullptr);
  if (!transport) co_return std::unexpected{transport.error()};
  auto dialog = std::make_unique<Dialog>(*std::move(transport));
  const auto greeting = co_await dialog->reply();
  if (!greeting) co_return std::unexpected{greeting.error()};
  if (greeting->code != 220) co_return std::unexpected{refused(*greeting, "greeting")};
  const auto hello = hello_of(config_);
  auto offers = co_await dialog->ask(hello);
  if (!offers) co_return std::unexpected{offers.error()};
  if (!offers->is_good()) co_return std::unexpected{refused(*offers, "EHLO")};
  if (config_.security == Security::starttls) {
    if (!offers->offers("STARTTLS"))
      co_return fail(Errc::denied, "the mail server does not offer STARTTLS");
    const auto ready = co_await dialog->ask("STARTTLS");
    if (!ready) co_return std::unexpected{ready.error()};
    if (ready->code != 220) co_return std::unexpected{refused(*ready, "STARTTLS")};
    auto plain = dialog->release();
    if (!plain) co_return std::unexpected{plain.error()};
    auto secure = co_await http::start_tls(*std::move(plain), config_.host, tls_);
    if (!secure) co_return std::unexpected{secure.error()};
    dialog = std::make_unique<Dialog>(*std::move(secure));
    // What was offered before TLS is forgotten (RFC 3207, 4.2).
    offers = co_await dialog->ask(hello);
    if (!offers) co_return std::unexpected{offers.error()};
    if (!offers->is_good()) co_return std::unexpected{refused(*offers, "EHLO")};
  }
  const auto in = co_await let_us_in(*dialog, *offers);
  if (!in) co_return std::unexpected{in.error()};
  co_return dialog;
}

Task<model::Outcome> Smtp::send(Letter letter) const {
  const auto opened = co_await open();
  if (!opened) co_return std::unexpected{opened.error()};
  auto& dialog = **opened;
  for (auto& command : envelope_of(letter)) {
    const auto reply = co_await dialog.ask(command);
    if (!reply) co_return std::unexpected{reply.error()};
    if (!reply->is_good()) co_return std::unexpected{refused(*reply, command)};
  }
  const auto go_on = co_await dialog.ask("DATA");
  if (!go_on) co_return std::unexpected{go_on.error()};
  if (go_on->code != 354) co_return std::unexpected{refused(*go_on, "DATA")};

  // From the dot on it may have been taken, whatever becomes of the answer.
  model::Outcome outcome{.status = model::OutcomeStatus::unknown,
                         .detail = "sent, no answer",
                         .product = {{"message_id", message_id(letter)}}};
  const auto sent = co_await dialog.send(mail_of(letter) + ".\r\n");
  if (!sent) co_return outcome;
  const auto taken = co_await dialog.reply();
  if (!taken) co_return outcome;
  if (!taken->is_good()) co_return std::unexpected{refused(*taken, "mail")};
  outcome.status = model::OutcomeStatus::succeeded;
  outcome.detail = "the mail server took it: " + taken->text();
  (void)co_await dialog.ask("QUIT");  // it has our mail; how it says goodbye changes nothing
  co_return outcome;
}

Task<model::Outcome> Smtp::execute(act::Operation operation, Deadline deadline) {
  auto letter = letter_of(operation);
  if (!letter) co_return std::unexpected{letter.error()};
  const auto limit = deadline.tightened_to(std::chrono::milliseconds{config_.timeout_ms});
  auto work =
      [this, letter = *std::move(letter), limit]() -> asio::awaitable<Result<model::Outcome>> {
    co_return co_await with_deadline(limit, send(letter));
  };
  co_return co_await on_pool(executor_, std::move(work));
}

act::Inverse Smtp::inverse(const act::Operation&, const act::Reading&) const {
  return {.operation = {}, .why = "cannot be undone: a mail that was sent is sent"};
}

}  // namespace sallyport::connectors::smtp
