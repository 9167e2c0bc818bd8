#include "connectors/native/ldap/account.hpp"

#include "connectors/native/base/text.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace sallyport::connectors::ldap {

namespace {

/// A lock that only an administrator ends (draft-behera-ldap-password-policy, 5.3.3).
constexpr auto locked_for_good = "000001010000Z";
constexpr std::int64_t account_disabled = 0x2;  ///< ADS_UF_ACCOUNTDISABLE

std::optional<std::int64_t> bits_of(const std::vector<std::string>& values) {
  if (values.size() != 1) return std::nullopt;
  std::int64_t bits = 0;
  const auto& text = values.front();
  const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (ec != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return bits;
}

Result<std::vector<std::string>> saved_values(const json::object& restore) {
  const auto* saved = restore.if_contains("values");
  const auto* list = saved ? saved->if_array() : nullptr;
  if (!list) return fail(Errc::corrupt, "the rollback record has no former values");
  std::vector<std::string> values;
  for (const auto& item : *list) {
    const auto* text = item.if_string();
    if (!text) return fail(Errc::corrupt, "the rollback record has a value that is no text");
    values.emplace_back(text->data(), text->size());
  }
  return values;
}

}  // namespace

std::string_view attribute_of(Dialect dialect) {
  return dialect == Dialect::ppolicy ? "pwdAccountLockedTime" : "userAccountControl";
}

std::string_view id_attribute_of(Dialect dialect) {
  return dialect == Dialect::ppolicy ? "entryUUID" : "objectGUID";
}

std::string escape_filter(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7E || std::string_view{"*()\\"}.contains(c)) {
      escaped += fmt::format("\\{:02x}", byte);
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string user_filter(const Config& config, std::string_view user) {
  constexpr std::string_view place{"{user}"};
  const auto escaped = escape_filter(user);
  std::string filter;
  std::size_t at = 0;
  for (auto next = config.user_filter.find(place); next != std::string::npos;
       next = config.user_filter.find(place, at)) {
    filter.append(config.user_filter, at, next - at).append(escaped);
    at = next + place.size();
  }
  return filter.append(config.user_filter, at);
}

Result<std::string> id_filter(Dialect dialect, std::string_view id) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (id.empty() || id.size() % 2 != 0 || id.size() > 128 || !std::ranges::all_of(id, is_hex))
    return fail(Errc::corrupt, "the rollback record names no entry");
  std::string bytes;
  for (std::size_t i = 0; i < id.size(); i += 2) bytes.append("\\").append(id.substr(i, 2));
  return fmt::format("({}={})", id_attribute_of(dialect), bytes);
}

Result<std::vector<std::string>> wanted_values(Dialect dialect,
                                               const act::Operation& operation,
                                               const std::vector<std::string>& now) {
  using Values = std::vector<std::string>;
  std::optional<Values> saved;
  if (!operation.restore.empty()) {
    auto values = saved_values(operation.restore);
    if (!values) return values;
    saved = *std::move(values);
  }
  const bool disable = operation.verb == "disable_user";
  if (dialect == Dialect::ppolicy) {
    if (saved) return *std::move(saved);
    return disable ? Values{locked_for_good} : Values{};
  }
  const auto bits = bits_of(now);
  if (!bits) return fail(Errc::conflict, "the entry has no userAccountControl: no account");
  auto bit = disable ? account_disabled : 0;
  if (saved) {
    const auto former = bits_of(*saved);
    if (!former) return fail(Errc::corrupt, "the rollback record has no userAccountControl");
    bit = *former & account_disabled;
  }
  return Values{std::to_string((*bits & ~account_disabled) | bit)};
}

Result<> check_unchanged(Dialect dialect,
                         const act::Operation& operation,
                         const std::vector<std::string>& now) {
  // Of userAccountControl only the one bit is ours; what else changed in it is kept.
  if (operation.restore.empty() || dialect == Dialect::active_directory) return {};
  const bool undoes_disable = operation.verb == "enable_user";
  const auto left =
      undoes_disable ? std::vector<std::string>{locked_for_good} : std::vector<std::string>{};
  if (now == left) return {};
  return fail(Errc::conflict,
              fmt::format("{} was changed by somebody else since", attribute_of(dialect)));
}

std::vector<Part> parts_of(const std::vector<std::string>& from,
                           const std::vector<std::string>& to) {
  std::vector<Part> parts;
  if (!from.empty()) parts.push_back({.adds = false, .values = from});
  if (!to.empty()) parts.push_back({.adds = true, .values = to});
  return parts;
}

std::string ldif(std::string_view dn, std::string_view attribute, const std::vector<Part>& parts) {
  auto text = fmt::format("dn: {}\nchangetype: modify\n", dn);
  for (const auto& part : parts) {
    text += fmt::format("{}: {}\n", part.adds ? "add" : "delete", attribute);
    for (const auto& value : part.values) text += fmt::format("{}: {}\n", attribute, value);
    text += "-\n";
  }
  return text;
}

json::object state_of(Dialect dialect, const Entry& entry) {
  json::array values;
  for (const auto& value : entry.values) values.emplace_back(value);
  return {{"dn", entry.dn},
          {"id", entry.id},
          {"attribute", attribute_of(dialect)},
          {"values", std::move(values)}};
}

}  // namespace sallyport::connectors::ldap
