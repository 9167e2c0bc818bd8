#include "engine/app/connectors.hpp"

#include "connectors/native/ldap/ldap.hpp"
#include "connectors/native/nftables/nftables.hpp"
#include "connectors/native/ssh/ssh.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace sallyport::app {

namespace {

using Made = Result<std::shared_ptr<act::Actuator>>;

struct Context {
  const Clock& clock;
  boost::asio::any_io_executor pool;
};

/// Reads an adapter's own options; the connector's name is its key in the settings.
template <class Config>
Result<Config> options_of(const std::string& name, const json::object& options) {
  auto own = options;
  own.erase("type");
  Config config;
  Faults faults;
  read_json(json::value(own), config, faults, child("/connectors", name));
  if (!faults.empty()) return fail(Errc::invalid_input, summary(faults));
  config.name = name;
  return config;
}

template <class Adapter>
Made shared(Result<std::unique_ptr<Adapter>> made, const std::string& name) {
  if (!made)
    return fail(made.error().code, fmt::format("connector {}: {}", name, made.error().detail));
  return std::shared_ptr<act::Actuator>{*std::move(made)};
}

Made make_nftables(const std::string& name, const json::object& options, const Context& context) {
  auto config = options_of<connectors::nftables::Config>(name, options);
  if (!config) return std::unexpected{config.error()};
  return shared(
      connectors::nftables::Nftables::make(*std::move(config), context.clock, context.pool), name);
}

Made make_ldap(const std::string& name, const json::object& options, const Context& context) {
  auto config = options_of<connectors::ldap::Config>(name, options);
  if (!config) return std::unexpected{config.error()};
  return shared(connectors::ldap::Ldap::make(*std::move(config), context.pool), name);
}

Made make_ssh(const std::string& name, const json::object& options, const Context& context) {
  auto config = options_of<connectors::ssh::Config>(name, options);
  if (!config) return std::unexpected{config.error()};
  return shared(connectors::ssh::Ssh::make(*std::move(config), context.pool), name);
}

struct Type {
  std::string_view name;
  Made (*make)(const std::string& name, const json::object& options, const Context& context);
};

/// Every adapter that speaks something else than HTTP: one line each.
constexpr std::array types{
    Type{"nftables", make_nftables},
    Type{"ldap", make_ldap},
    Type{"ssh", make_ssh},
};

}  // namespace

Result<std::vector<std::shared_ptr<act::Actuator>>> make_actuators(
    const config::Settings& settings, const Clock& clock, boost::asio::any_io_executor pool) {
  std::vector<std::shared_ptr<act::Actuator>> actuators;
  const Context context{.clock = clock, .pool = std::move(pool)};
  for (const auto& [name, options] : settings.connectors) {
    const auto* named = options.if_contains("type");
    const std::string_view wanted =
        named && named->is_string() ? std::string_view{named->get_string()} : std::string_view{};
    const auto type = std::ranges::find(types, wanted, &Type::name);
    if (type == types.end()) {
      return fail(
          Errc::invalid_input,
          fmt::format("connector {}: type is '{}'; known are nftables, ldap, ssh", name, wanted));
    }
    auto made = type->make(name, options, context);
    if (!made) return std::unexpected{made.error()};
    actuators.push_back(*std::move(made));
  }
  return actuators;
}

}  // namespace sallyport::app
