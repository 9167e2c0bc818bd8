#include "engine/app/commands/product_options.hpp"

#include "engine/http/url.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::app {

namespace {

using manifest_option = std::pair<std::string, std::string>;

Result<manifest_option> halves(const std::string& option, const std::string& written) {
  const auto equals = written.find('=');
  if (equals == 0 || equals == std::string::npos)
    return fail(Errc::invalid_input, fmt::format("{} is written NAME=VALUE", option));
  return manifest_option{written.substr(0, equals), written.substr(equals + 1)};
}

/// An integer or a boolean where the manifest says that it is one.
json::value typed(const connectors::manifest::Plan& plan,
                  const std::string& name,
                  const std::string& text) {
  using connectors::manifest::ValueType;
  const auto spec = plan.options.find(name);
  if (spec == plan.options.end()) return json::value(text);
  if (spec->second.type != ValueType::integer && spec->second.type != ValueType::boolean)
    return json::value(text);
  return parse_json(text).value_or(json::value(text));
}

}  // namespace

void ProductOptions::add_to(Command command, const std::string& url_option) {
  command.add_option(url_option, url, "Where the product is");
  command.add_option("--option", options, "NAME=VALUE, of the manifest's options");
  command.add_option("--secret",
                     secrets,
                     "NAME=REFERENCE, of its secrets: env:NAME, file:PATH or credential:NAME");
  command.add_option("--allow", allow, "A host that may be reached although it is none of its own");
  command.add_option(
      "--product-ca", ca, "PEM file with the authorities that the product is trusted by");
}

Result<connectors::manifest::Config> ProductOptions::config_for(
    const connectors::manifest::Plan& plan) const {
  connectors::manifest::Config config{
      .name = plan.connector.id, .base_url = url, .ca = ca, .allow = allow};
  if (!url.empty()) {
    const auto parsed = http::parse_url(url);
    if (!parsed) return fail(Errc::invalid_input, "--url: " + parsed.error().detail);
    config.allow.push_back(parsed->origin.host);
    for (const auto& [name, endpoint] : plan.endpoints)
      if (name != "api") config.endpoints[name] = url;
  }
  for (const auto& written : options) {
    const auto pair = halves("--option", written);
    if (!pair) return std::unexpected{pair.error()};
    config.options[pair->first] = typed(plan, pair->first, pair->second);
  }
  for (const auto& written : secrets) {
    auto pair = halves("--secret", written);
    if (!pair) return std::unexpected{pair.error()};
    config.secrets[pair->first] = std::move(pair->second);
  }
  return config;
}

}  // namespace sallyport::app
