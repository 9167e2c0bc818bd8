#include "engine/app/connectors.hpp"

#include "connectors/native/ldap/ldap.hpp"
#include "connectors/native/nftables/nftables.hpp"
#include "connectors/native/ssh/ssh.hpp"
#include "engine/base/spelling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace sallyport::app {

namespace {

/// One entry of `connectors:` and what it is made with.
struct Entry {
  const config::Settings& settings;
  const std::string& name;
  const json::object& options;
  const Clock& clock;
  const boost::asio::any_io_executor& pool;
  Faults& faults;

  [[nodiscard]] std::string pointer() const { return child("/connectors", name); }
};

/// Reads an adapter's own options; the connector's name is its key in the settings.
template <class Config>
std::optional<Config> options_of(const Entry& entry) {
  auto own = entry.options;
  own.erase("type");
  Config config;
  Faults found;
  read_json(json::value(std::move(own)), config, found, entry.pointer());
  config.name = entry.name;
  const bool sound = !has_errors(found);
  entry.faults.insert(entry.faults.end(), found.begin(), found.end());
  return sound ? std::optional{std::move(config)} : std::nullopt;
}

using Made = std::shared_ptr<act::Actuator>;

/// nullptr, and a fault, where the adapter refused its options.
template <class Adapter>
Made made_by(Result<std::unique_ptr<Adapter>> made, const Entry& entry) {
  if (made) return *std::move(made);
  entry.faults.push_back({.pointer = entry.pointer(), .message = made.error().detail});
  return nullptr;
}

Made make_nftables(const Entry& entry) {
  auto config = options_of<connectors::nftables::Config>(entry);
  if (!config) return nullptr;
  return made_by(connectors::nftables::Nftables::make(*std::move(config), entry.clock, entry.pool),
                 entry);
}

Made make_ldap(const Entry& entry) {
  auto config = options_of<connectors::ldap::Config>(entry);
  if (!config) return nullptr;
  config->ca_file = entry.settings.path_of(config->ca_file);
  config->bind_password = entry.settings.secret_of(config->bind_password);
  return made_by(connectors::ldap::Ldap::make(*std::move(config), entry.pool), entry);
}

Made make_ssh(const Entry& entry) {
  auto config = options_of<connectors::ssh::Config>(entry);
  if (!config) return nullptr;
  config->key_file = entry.settings.path_of(config->key_file);
  config->known_hosts = entry.settings.path_of(config->known_hosts);
  config->key_passphrase = entry.settings.secret_of(config->key_passphrase);
  for (auto& [name, host] : config->hosts) host.key_file = entry.settings.path_of(host.key_file);
  return made_by(connectors::ssh::Ssh::make(*std::move(config), entry.pool), entry);
}

struct Type {
  std::string_view name;
  Made (*make)(const Entry& entry);
};

/// Every adapter that speaks something else than HTTP: one line each.
constexpr std::array types{
    Type{"nftables", make_nftables},
    Type{"ldap", make_ldap},
    Type{"ssh", make_ssh},
};

Made make(const Entry& entry) {
  const auto* named = entry.options.if_contains("type");
  const std::string_view wanted =
      named && named->is_string() ? std::string_view{named->get_string()} : std::string_view{};
  const auto type = std::ranges::find(types, wanted, &Type::name);
  if (type != types.end()) return type->make(entry);
  std::vector<std::string_view> known;
  for (const auto& each : types) known.push_back(each.name);
  entry.faults.push_back(
      {.pointer = named ? child(entry.pointer(), "type") : entry.pointer(),
       .message = fmt::format("type is '{:.60}'{}", wanted, suggestion(wanted, known))});
  return nullptr;
}

}  // namespace

std::vector<std::shared_ptr<act::Actuator>> make_actuators(const config::Settings& settings,
                                                           const Clock& clock,
                                                           boost::asio::any_io_executor pool,
                                                           Faults& faults) {
  std::vector<std::shared_ptr<act::Actuator>> actuators;
  for (const auto& [name, options] : settings.connectors) {
    if (auto actuator = make({.settings = settings,
                              .name = name,
                              .options = options,
                              .clock = clock,
                              .pool = pool,
                              .faults = faults}))
      actuators.push_back(std::move(actuator));
  }
  return actuators;
}

}  // namespace sallyport::app
