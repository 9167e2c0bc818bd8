#include "engine/app/connectors.hpp"

#include "connectors/native/ldap/ldap.hpp"
#include "connectors/native/nftables/nftables.hpp"
#include "connectors/native/smtp/smtp.hpp"
#include "connectors/native/ssh/ssh.hpp"
#include "connectors/native/syslog/syslog.hpp"
#include "engine/app/action_limits.hpp"
#include "engine/base/spelling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

namespace sallyport::app {

namespace {

/// One entry of `connectors:` and what it is made with.
struct Entry {
  const config::Settings& settings;
  const std::string& name;
  const json::object& options;
  const Reach& reach;
  const std::shared_ptr<connectors::KnownPlaces>& places;
  Products& products;
  Faults& faults;

  [[nodiscard]] std::string pointer() const { return child("/connectors", name); }
};

/// Reads an adapter's own options; the connector's name is its key in the settings.
template <class Config>
std::optional<Config> options_of(const Entry& entry) {
  auto own = entry.options;
  own.erase("type");
  own.erase("actions");
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
  return made_by(
      connectors::nftables::Nftables::make(*std::move(config), entry.reach.clock, entry.reach.pool),
      entry);
}

Made make_ldap(const Entry& entry) {
  auto config = options_of<connectors::ldap::Config>(entry);
  if (!config) return nullptr;
  config->ca_file = entry.settings.path_of(config->ca_file);
  config->bind_password = entry.settings.secret_of(config->bind_password);
  for (const auto& url : config->urls) entry.places->add_host(url);
  return made_by(connectors::ldap::Ldap::make(*std::move(config), entry.reach.pool), entry);
}

Made make_ssh(const Entry& entry) {
  auto config = options_of<connectors::ssh::Config>(entry);
  if (!config) return nullptr;
  config->key_file = entry.settings.path_of(config->key_file);
  config->known_hosts = entry.settings.path_of(config->known_hosts);
  config->key_passphrase = entry.settings.secret_of(config->key_passphrase);
  for (auto& [name, host] : config->hosts) {
    host.key_file = entry.settings.path_of(host.key_file);
    entry.places->add_host(host.address, connectors::KnownPlaces::Reached::to_act);
  }
  return made_by(connectors::ssh::Ssh::make(*std::move(config), entry.reach.pool), entry);
}

Made make_smtp(const Entry& entry) {
  auto config = options_of<connectors::smtp::Config>(entry);
  if (!config) return nullptr;
  config->ca_file = entry.settings.path_of(config->ca_file);
  config->password = entry.settings.secret_of(config->password);
  entry.places->add_host(config->host);
  return made_by(
      connectors::smtp::Smtp::make(*std::move(config), entry.reach.clock, entry.reach.loop), entry);
}

Made make_syslog(const Entry& entry) {
  auto config = options_of<connectors::syslog::Config>(entry);
  if (!config) return nullptr;
  for (auto* path : {&config->ca_file, &config->certificate_file, &config->key_file})
    *path = entry.settings.path_of(*path);
  entry.places->add_host(config->host);
  return made_by(
      connectors::syslog::Syslog::make(*std::move(config), entry.reach.clock, entry.reach.loop),
      entry);
}

/// As it is written, or below `connectors/` of the installation where it is only there.
std::string manifest_file(const config::Settings& settings, const std::string& named) {
  if (named.empty()) return named;
  auto written = settings.path_of(named);
  std::error_code error;
  if (std::filesystem::exists(written, error)) return written;
  const auto home = config::home();
  if (!home) return written;
  const auto shipped = *home / "connectors" / named;
  return std::filesystem::exists(shipped, error) ? shipped.string() : written;
}

Made make_manifest(const Entry& entry) {
  auto config = options_of<connectors::manifest::Config>(entry);
  if (!config || entry.reach.catalogue->verbs().empty()) return nullptr;
  config->manifest = manifest_file(entry.settings, config->manifest);
  for (auto* path : {&config->ca, &config->certificate, &config->key})
    *path = entry.settings.path_of(*path);
  for (auto& [name, reference] : config->secrets) reference = entry.settings.secret_of(reference);
  const auto enrich = config->enrich;
  auto made = connectors::manifest::LiveConnector::make(*std::move(config),
                                                        {.catalogue = entry.reach.catalogue,
                                                         .clock = entry.reach.clock,
                                                         .executor = entry.reach.loop,
                                                         .places = entry.places});
  if (!made) {
    entry.faults.push_back({.pointer = entry.pointer(), .message = made.error().detail});
    return nullptr;
  }
  auto asking = connectors::manifest::Asking::make(*made, enrich);
  if (!asking) {
    entry.faults.push_back({.pointer = entry.pointer(), .message = asking.error().detail});
    return nullptr;
  }
  entry.products.manifests.push_back(*made);
  entry.products.askings.push_back(*std::move(asking));
  return *std::move(made);
}

struct Type {
  std::string_view name;
  Made (*make)(const Entry& entry);
};

/// Every product over HTTP is a `manifest`; what speaks something else has a line of its own.
constexpr std::array types{
    Type{"manifest", make_manifest},
    Type{"nftables", make_nftables},
    Type{"ldap", make_ldap},
    Type{"ssh", make_ssh},
    Type{"smtp", make_smtp},
    Type{"syslog", make_syslog},
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

Products make_products(const config::Settings& settings, const Reach& reach, Faults& faults) {
  Products products;
  products.places = reach.places;
  for (const auto& [name, options] : settings.connectors) {
    const Entry entry{.settings = settings,
                      .name = name,
                      .options = options,
                      .reach = reach,
                      .places = reach.places,
                      .products = products,
                      .faults = faults};
    if (auto limits = own_limits(options, settings.actions, entry.pointer(), faults))
      products.limits.emplace(name, *limits);
    if (auto actuator = make(entry)) products.actuators.push_back(std::move(actuator));
  }
  return products;
}

std::vector<std::shared_ptr<investigate::Enricher>> enrichers_of(const Products& products) {
  std::vector<std::shared_ptr<investigate::Enricher>> enrichers;
  for (const auto& asking : products.askings)
    enrichers.push_back(std::make_shared<connectors::manifest::ProductEnricher>(asking));
  return enrichers;
}

std::vector<std::shared_ptr<investigate::Query>> queries_of(const Products& products) {
  std::vector<std::shared_ptr<investigate::Query>> queries;
  for (const auto& asking : products.askings)
    std::ranges::move(connectors::manifest::queries_of(asking), std::back_inserter(queries));
  return queries;
}

void count_questions(const Products& products, observe::Metrics& metrics) {
  using Counters = investigate::SharedAnswers::Counters;
  const auto sum = [&](const char* name, const char* help, auto read) {
    metrics.gauge(name, help, [&products, read] {
      double all = 0;
      for (const auto& asking : products.askings) all += read(asking->answers()->counters());
      return all;
    });
  };
  sum("sallyport_product_questions_under_way",
      "Questions to products under way",
      [](const Counters& counters) { return static_cast<double>(counters.under_way); });
  sum("sallyport_product_questions",
      "Questions that were sent to products since the start",
      [](const Counters& counters) { return static_cast<double>(counters.calls); });
  sum("sallyport_product_questions_shared",
      "Questions that another one's answer answered since the start",
      [](const Counters& counters) {
        return static_cast<double>(counters.joined + counters.kept);
      });
}

boost::asio::awaitable<void> close_askings(
    std::vector<std::shared_ptr<const connectors::manifest::Asking>> askings) {
  for (const auto& asking : askings) co_await asking->answers()->close();
}

}  // namespace sallyport::app
