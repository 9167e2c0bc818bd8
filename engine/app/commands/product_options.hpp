#pragma once

#include "connectors/manifest/config.hpp"
#include "connectors/manifest/plan.hpp"
#include "engine/app/command_line.hpp"

#include <string>
#include <vector>

namespace sallyport::app {

/// What an entry of `connectors:` in the settings says of a product, from the command line.
struct ProductOptions {
  std::string url;                   ///< Of all its endpoints.
  std::vector<std::string> options;  ///< NAME=VALUE
  std::vector<std::string> secrets;  ///< NAME=REFERENCE
  std::vector<std::string> allow;
  std::string ca;

  /// `url_option`: what the URL is called; --url is the engine's where a command speaks to one.
  void add_to(Command command, const std::string& url_option = "--url");

  /// Who names a URL on the command line means its host, loopback and without TLS included.
  /// Errors: invalid_input, naming the option.
  [[nodiscard]] Result<connectors::manifest::Config> config_for(
      const connectors::manifest::Plan& plan) const;
};

}  // namespace sallyport::app
