#include "connectors/native/ldap/ldap.hpp"

#include "connectors/native/base/blocking.hpp"
#include "connectors/native/base/network.hpp"
#include "connectors/native/base/text.hpp"
#include "engine/base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace sallyport::connectors::ldap {

namespace {

constexpr int attempts = 3;  ///< Somebody else may change the attribute between look and change.
constexpr std::size_t user_limit_bytes = 256;

/// Whether a password may go to `url` as it is: the connection is encrypted, or stays here.
bool is_private(std::string_view url, bool start_tls) {
  if (start_tls || url.starts_with("ldaps://") || url.starts_with("ldapi://")) return true;
  constexpr std::string_view scheme{"ldap://"};
  if (!url.starts_with(scheme)) return false;
  auto host = url.substr(scheme.size());
  host = host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find_first_of(":/"));
  if (host == "localhost" || host == "[::1]") return true;
  const auto address = Network::parse(host);  // 127.evil.example is a name
  return address && address->is_host() && special_purpose(*address) == "loopback addresses";
}

Result<> check_user(std::string_view user) {
  if (auto ok = check_text("the user", user, user_limit_bytes); !ok) return ok;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{" ._-@+'#~!&$"}.contains(c);
  };
  // Letters beyond ASCII are refused too: directories fold look-alikes into one another.
  if (!std::ranges::all_of(user, allowed) || user.front() == ' ' || user.back() == ' ')
    return fail(Errc::invalid_input,
                "a user is named by ASCII letters, digits and ._-@+'#~!&$ (spaces within)");
  return {};
}

}  // namespace

Ldap::Ldap(Config config, Secret password, asio::any_io_executor pool)
    : config_{std::move(config)}, password_{std::move(password)}, pool_{std::move(pool)} {}

Result<std::unique_ptr<Ldap>> Ldap::make(Config config, asio::any_io_executor pool) {
  if (config.urls.empty()) return fail(Errc::invalid_input, "urls: name at least one server");
  for (const auto& url : config.urls) {
    if (!url.starts_with("ldap://") && !url.starts_with("ldaps://") && !url.starts_with("ldapi://"))
      return fail(Errc::invalid_input,
                  fmt::format("urls: `{}` begins with none of ldap:// ldaps:// ldapi://", url));
    if (!config.allow_plaintext && !is_private(url, config.start_tls))
      return fail(Errc::invalid_input,
                  fmt::format("urls: `{}` would see the password unencrypted; use ldaps:// or "
                              "start_tls, or say allow_plaintext",
                              url));
  }
  if (!config.user_filter.contains("{user}"))
    return fail(Errc::invalid_input, "user_filter: has no place {user}");
  if (config.timeout_ms < 1) return fail(Errc::invalid_input, "timeout_ms: must be positive");
  for (const auto* dn : {&config.bind_dn, &config.base_dn})
    if (auto ok = normal_dn(*dn); !ok) return std::unexpected{ok.error()};
  config.protected_dns.push_back(config.bind_dn);
  for (auto& dn : config.protected_dns) {
    auto normal = normal_dn(dn);
    if (!normal) return std::unexpected{normal.error()};
    dn = *std::move(normal);
  }
  auto password = resolve_secret(config.bind_password);
  if (!password) return std::unexpected{password.error()};
  return std::unique_ptr<Ldap>{new Ldap{std::move(config), *std::move(password), std::move(pool)}};
}

const std::vector<std::string>& Ldap::verbs() const {
  static const std::vector<std::string> list{"disable_user", "enable_user"};
  return list;
}

Result<> Ldap::check(const act::Operation& operation) const {
  if (std::ranges::find(verbs(), operation.verb) == verbs().end())
    return fail(Errc::invalid_input, "this directory runs disable_user and enable_user");
  if (operation.target.kind != "user")
    return fail(Errc::invalid_input, "the target must be of kind user");
  if (auto ok = check_user(operation.target.value); !ok) return ok;
  // The engine keeps the time: a directory does not.
  auto known = operation.verb == "disable_user"
                   ? check_parameters(operation.parameters, {"duration_s"})
                   : check_parameters(operation.parameters, {});
  if (!known) return known;
  if (const auto seconds = integer_parameter(operation.parameters, "duration_s"); !seconds)
    return std::unexpected{seconds.error()};
  const auto is_target = [&](const auto& name) {
    return ascii::equal_ignoring_case(name, operation.target.value);
  };
  if (operation.verb == "disable_user" && std::ranges::any_of(config_.protected_users, is_target))
    return fail(Errc::denied, "protected_users holds that user");
  return {};
}

bool Ldap::is_protected(std::string_view dn) const {
  const auto normal = normal_dn(std::string{dn});
  if (!normal) return true;
  return std::ranges::any_of(config_.protected_dns, [&](const auto& kept) {
    return *normal == kept || normal->ends_with("," + kept);
  });
}

Result<Session> Ldap::connect(Deadline deadline) const {
  return Session::open(config_, password_, deadline);
}

Result<std::string> Ldap::filter_of(const act::Operation& operation) const {
  if (operation.restore.empty()) return user_filter(config_, operation.target.value);
  return id_filter(config_.dialect, text_of(operation.restore, "id"));
}

Result<Entry> Ldap::find(Session& session,
                         const act::Operation& operation,
                         Deadline deadline) const {
  const auto filter = filter_of(operation);
  if (!filter) return std::unexpected{filter.error()};
  return session.find_one(config_, *filter, deadline);
}

Result<act::Reading> Ldap::read_now(const act::Operation& operation, Deadline deadline) const {
  if (auto ok = check(operation); !ok) return std::unexpected{ok.error()};
  auto session = connect(deadline);
  if (!session) return std::unexpected{session.error()};
  const auto entry = find(*session, operation, deadline);
  if (!entry) return std::unexpected{entry.error()};
  const auto wanted = wanted_values(config_.dialect, operation, entry->values);
  if (!wanted) return std::unexpected{wanted.error()};
  return act::Reading{
      .in_effect = entry->values == *wanted,
      .state = state_of(config_.dialect, *entry),
      .detail = entry->values.empty()
                    ? fmt::format("{} has no {}", entry->dn, attribute_of(config_.dialect))
                    : fmt::format("{} of {} is {}",
                                  attribute_of(config_.dialect),
                                  entry->dn,
                                  entry->values.front())};
}

Result<model::Outcome> Ldap::execute_now(const act::Operation& operation, Deadline deadline) const {
  if (auto ok = check(operation); !ok) return std::unexpected{ok.error()};
  auto session = connect(deadline);
  if (!session) return std::unexpected{session.error()};
  Result<Written> written = fail(Errc::unavailable, "not tried");
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto entry = find(*session, operation, deadline);
    if (!entry) return std::unexpected{entry.error()};
    if (operation.verb == "disable_user" && is_protected(entry->dn))
      return fail(Errc::denied, fmt::format("protected_dns holds {}", entry->dn));
    const auto wanted = wanted_values(config_.dialect, operation, entry->values);
    if (!wanted) return std::unexpected{wanted.error()};
    model::Outcome outcome{.status = model::OutcomeStatus::already_done,
                           .detail = entry->dn + " is as wanted already",
                           .product = {{"dn", entry->dn}, {"id", entry->id}}};
    if (entry->values == *wanted) return outcome;
    if (auto ok = check_unchanged(config_.dialect, operation, entry->values); !ok)
      return std::unexpected{ok.error()};
    written = session->replace(
        entry->dn, attribute_of(config_.dialect), entry->values, *wanted, deadline);
    if (!written && written.error().code == Errc::conflict) continue;
    if (!written) return std::unexpected{written.error()};
    const bool sure = *written == Written::yes;
    outcome.status = sure ? model::OutcomeStatus::succeeded : model::OutcomeStatus::unknown;
    outcome.detail =
        sure ? fmt::format("{} of {} is changed", attribute_of(config_.dialect), entry->dn)
             : "the change was sent and no answer came";
    return outcome;
  }
  return std::unexpected{written.error()};
}

Task<act::Reading> Ldap::read(act::Operation operation, Deadline deadline) {
  const auto tight = deadline.tightened_to(std::chrono::milliseconds{config_.timeout_ms});
  std::function<Result<act::Reading>()> job = [this, operation = std::move(operation), tight] {
    return read_now(operation, tight);
  };
  co_return co_await run_blocking(pool_, tight, std::move(job));
}

Task<model::Outcome> Ldap::execute(act::Operation operation, Deadline deadline) {
  const auto tight = deadline.tightened_to(std::chrono::milliseconds{config_.timeout_ms});
  std::function<Result<model::Outcome>()> job = [this, operation = std::move(operation), tight] {
    return execute_now(operation, tight);
  };
  co_return co_await run_blocking(pool_, tight, std::move(job));
}

act::Inverse Ldap::inverse(const act::Operation& operation, const act::Reading& before) const {
  const bool disable = operation.verb == "disable_user";
  if (before.in_effect.value_or(false))
    return {.operation = {},
            .why = disable ? "was already disabled before" : "was already enabled before"};
  if (!before.state.contains("values") || text_of(before.state, "id").empty())
    return {.operation = {}, .why = "the state before was not read"};
  return {.operation = {.verb = disable ? "enable_user" : "disable_user",
                        .target = operation.target,
                        .parameters = {},
                        .idempotency_key = operation.idempotency_key,
                        .restore = before.state},
          .why = {}};
}

}  // namespace sallyport::connectors::ldap
