#include "connectors/native/ldap/session.hpp"

#include "engine/base/ascii.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ldap.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>

namespace sallyport::connectors::ldap {

namespace {

using Message = std::unique_ptr<LDAPMessage, decltype(&ldap_msgfree)>;

timeval time_left(Deadline deadline) {
  using namespace std::chrono;
  const auto left = std::max(duration_cast<microseconds>(deadline.at() - Deadline::Clock::now()),
                             microseconds{1'000});
  return {.tv_sec = static_cast<time_t>(left.count() / 1'000'000),
          .tv_usec = static_cast<suseconds_t>(left.count() % 1'000'000)};
}

Errc code_of(int result) {
  switch (result) {
    case LDAP_NO_SUCH_OBJECT:
      return Errc::not_found;
    case LDAP_NO_SUCH_ATTRIBUTE:
    case LDAP_TYPE_OR_VALUE_EXISTS:
    case LDAP_ASSERTION_FAILED:
    case LDAP_SIZELIMIT_EXCEEDED:
      return Errc::conflict;
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_STRONG_AUTH_REQUIRED:
    case LDAP_CONFIDENTIALITY_REQUIRED:
    case LDAP_UNWILLING_TO_PERFORM:
    case LDAP_CONSTRAINT_VIOLATION:
    case LDAP_REFERRAL:
      return Errc::denied;
    case LDAP_UNDEFINED_TYPE:
    case LDAP_OBJECT_CLASS_VIOLATION:
    case LDAP_INVALID_SYNTAX:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_FILTER_ERROR:
      return Errc::invalid_input;
    default:
      return Errc::unavailable;
  }
}

std::unexpected<Error> failed(std::string_view what, int result) {
  return fail(code_of(result),
              fmt::format("ldap: {}: {} ({})", what, ldap_err2string(result), result));
}

std::string hex(const berval& value) {
  std::string text;
  for (ber_len_t i = 0; i < value.bv_len; ++i)
    text += fmt::format("{:02x}", static_cast<unsigned char>(value.bv_val[i]));
  return text;
}

std::vector<std::string> values_of(LDAP* connection, LDAPMessage* entry, const char* attribute) {
  std::vector<std::string> values;
  const std::unique_ptr<berval*, decltype(&ldap_value_free_len)> found{
      ldap_get_values_len(connection, entry, attribute), &ldap_value_free_len};
  for (auto** value = found.get(); value && *value; ++value)
    values.emplace_back((*value)->bv_val, (*value)->bv_len);
  return values;
}

/// Waits for the answer to `id`. Empty: none came in time, or the connection broke.
Message answer(LDAP* connection, int id, Deadline deadline) {
  auto left = time_left(deadline);
  LDAPMessage* raw = nullptr;
  const int type = ldap_result(connection, id, LDAP_MSG_ALL, &left, &raw);
  if (type > 0) return {raw, &ldap_msgfree};
  if (type == 0) ldap_abandon_ext(connection, id, nullptr, nullptr);
  return {nullptr, &ldap_msgfree};
}

int result_of(LDAP* connection, LDAPMessage* message) {
  int result = LDAP_OTHER;
  const int parsed =
      ldap_parse_result(connection, message, &result, nullptr, nullptr, nullptr, nullptr, 0);
  return parsed == LDAP_SUCCESS ? result : parsed;
}

int last_error(LDAP* connection) {
  int result = LDAP_SERVER_DOWN;
  ldap_get_option(connection, LDAP_OPT_RESULT_CODE, &result);
  return result == LDAP_SUCCESS ? LDAP_SERVER_DOWN : result;
}

Result<> set_up(LDAP* connection, const Config& config, Deadline deadline) {
  const int version = LDAP_VERSION3;
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int client = 0;
  const auto left = time_left(deadline);
  bool ok = ldap_set_option(connection, LDAP_OPT_PROTOCOL_VERSION, &version) == 0 &&
            ldap_set_option(connection, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == 0 &&
            ldap_set_option(connection, LDAP_OPT_NETWORK_TIMEOUT, &left) == 0 &&
            ldap_set_option(connection, LDAP_OPT_TIMEOUT, &left) == 0 &&
            ldap_set_option(connection, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == 0;
  if (!config.ca_file.empty())
    ok = ok && ldap_set_option(connection, LDAP_OPT_X_TLS_CACERTFILE, config.ca_file.c_str()) == 0;
  ok = ok && ldap_set_option(connection, LDAP_OPT_X_TLS_NEWCTX, &client) == 0;
  if (!ok) return fail(Errc::invalid_input, "ldap: the TLS options cannot be set; see ca_file");
  return {};
}

Result<> bind(LDAP* connection, const Config& config, const Secret& password, Deadline deadline) {
  auto secret = password.reveal();  // libldap wants it writable
  berval credentials{.bv_len = secret.size(), .bv_val = secret.data()};
  int id = 0;
  const int sent = ldap_sasl_bind(
      connection, config.bind_dn.c_str(), LDAP_SASL_SIMPLE, &credentials, nullptr, nullptr, &id);
  std::ranges::fill(secret, '\0');
  if (sent != LDAP_SUCCESS) return failed("connect", sent);
  const auto message = answer(connection, id, deadline);
  if (!message) return fail(Errc::unavailable, "ldap: no answer to the bind");
  const int result = result_of(connection, message.get());
  if (result != LDAP_SUCCESS) return failed("bind", result);
  return {};
}

/// One change of a modification, with the arrays that libldap's C structs point into.
class Modification {
 public:
  Modification(int operation, std::string attribute, std::vector<std::string> values)
      : attribute_{std::move(attribute)}, values_{std::move(values)} {
    for (auto& value : values_) bytes_.push_back({.bv_len = value.size(), .bv_val = value.data()});
    for (auto& value : bytes_) pointers_.push_back(&value);
    pointers_.push_back(nullptr);
    change_.mod_op = operation | LDAP_MOD_BVALUES;
    change_.mod_type = attribute_.data();
    change_.mod_bvalues = pointers_.data();
  }

  Modification(const Modification&) = delete;
  Modification& operator=(const Modification&) = delete;

  [[nodiscard]] LDAPMod* get() { return &change_; }

 private:
  std::string attribute_;
  std::vector<std::string> values_;
  std::vector<berval> bytes_;
  std::vector<berval*> pointers_;
  LDAPMod change_{};
};

}  // namespace

void Session::Close::operator()(::ldap* connection) const {
  ldap_unbind_ext(connection, nullptr, nullptr);
}

Result<std::string> normal_dn(const std::string& dn) {
  LDAPDN parsed = nullptr;
  if (dn.empty() || ldap_str2dn(dn.c_str(), &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
    return fail(Errc::invalid_input, fmt::format("`{}` is not a DN", dn));
  char* text = nullptr;
  ldap_dn2str(parsed, &text, LDAP_DN_FORMAT_LDAPV3);
  ldap_dnfree(parsed);
  auto normal = ascii::lowered(text ? text : "");
  ldap_memfree(text);
  return normal;
}

Result<Session> Session::open(const Config& config, const Secret& password, Deadline deadline) {
  LDAP* raw = nullptr;
  const auto urls = fmt::format("{}", fmt::join(config.urls, " "));
  if (const int made = ldap_initialize(&raw, urls.c_str()); made != LDAP_SUCCESS)
    return failed("urls", made);
  Session session{raw};
  if (auto ok = set_up(raw, config, deadline); !ok) return std::unexpected{ok.error()};
  if (config.start_tls) {
    if (const int started = ldap_start_tls_s(raw, nullptr, nullptr); started != LDAP_SUCCESS)
      return failed("StartTLS", started);
  }
  if (auto ok = bind(raw, config, password, deadline); !ok) return std::unexpected{ok.error()};
  return session;
}

Result<Entry> Session::find_one(const Config& config,
                                const std::string& filter,
                                Deadline deadline) {
  std::string attribute{attribute_of(config.dialect)};
  std::string id_attribute{id_attribute_of(config.dialect)};
  std::array<char*, 3> wanted{attribute.data(), id_attribute.data(), nullptr};
  auto left = time_left(deadline);
  int id = 0;
  const int sent = ldap_search_ext(connection_.get(),
                                   config.base_dn.c_str(),
                                   LDAP_SCOPE_SUBTREE,
                                   filter.c_str(),
                                   wanted.data(),
                                   0,
                                   nullptr,
                                   nullptr,
                                   &left,
                                   2,
                                   &id);
  if (sent != LDAP_SUCCESS) return failed("search", sent);
  const auto message = answer(connection_.get(), id, deadline);
  if (!message) return failed("search", last_error(connection_.get()));
  const int result = result_of(connection_.get(), message.get());
  const int found = ldap_count_entries(connection_.get(), message.get());
  if (found > 1 || result == LDAP_SIZELIMIT_EXCEEDED)
    return fail(Errc::conflict, "the name fits more than one entry of the directory");
  if (result != LDAP_SUCCESS) return failed("search", result);
  if (found < 1) return fail(Errc::not_found, "no such user in the directory");

  auto* first = ldap_first_entry(connection_.get(), message.get());
  char* dn = ldap_get_dn(connection_.get(), first);
  Entry entry{.dn = dn ? dn : "",
              .id = {},
              .values = values_of(connection_.get(), first, attribute.c_str())};
  ldap_memfree(dn);
  for (auto& value : values_of(connection_.get(), first, id_attribute.c_str()))
    entry.id = hex({.bv_len = value.size(), .bv_val = value.data()});
  return entry;
}

Result<Written> Session::replace(const std::string& dn,
                                 std::string_view attribute,
                                 const std::vector<std::string>& from,
                                 const std::vector<std::string>& to,
                                 Deadline deadline) {
  std::deque<Modification> parts;  // stay where they are: libldap is given their addresses
  std::vector<LDAPMod*> changes;
  for (auto& part : parts_of(from, to))
    changes.push_back(parts
                          .emplace_back(part.adds ? LDAP_MOD_ADD : LDAP_MOD_DELETE,
                                        std::string{attribute},
                                        std::move(part.values))
                          .get());
  changes.push_back(nullptr);
  int id = 0;
  const int sent =
      ldap_modify_ext(connection_.get(), dn.c_str(), changes.data(), nullptr, nullptr, &id);
  if (sent != LDAP_SUCCESS) return failed("modify", sent);
  const auto message = answer(connection_.get(), id, deadline);
  if (!message) return Written::unknown;
  const int result = result_of(connection_.get(), message.get());
  if (result == LDAP_SUCCESS) return Written::yes;
  return failed("modify", result);
}

}  // namespace sallyport::connectors::ldap
