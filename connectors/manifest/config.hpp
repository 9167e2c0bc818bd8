#pragma once

#include "engine/base/json.hpp"

#include <map>
#include <string>
#include <vector>

namespace sallyport::connectors::manifest {

/// One product that a manifest speaks to: an entry of `connectors:` with `type: manifest`.
struct Config {
  std::string name = "product";
  std::string manifest;  ///< The file.
  std::string base_url;  ///< Of the endpoint `api`, where it is not the manifest's.
  std::map<std::string, std::string> endpoints;  ///< The other endpoints, by name.
  std::map<std::string, json::value> options;    ///< What the manifest asks for under `options`.
  std::map<std::string, std::string> secrets;    ///< Name -> reference: env:, file:, credential:
  std::string ca;           ///< PEM file with the authorities to trust; empty: the system's.
  std::string certificate;  ///< PEM files, where the product asks for a client certificate.
  std::string key;
  std::string proxy;  ///< http://host:port; it is asked for tunnels.
  /// Names, addresses and networks that are reached although they are loopback, link-local, without
  /// TLS, or no host of the manifest's own.
  std::vector<std::string> allow;
  std::vector<std::string> never;  ///< Targets that nothing is done to; of addresses also networks.
};

BOOST_DESCRIBE_STRUCT(Config,
                      (),
                      (name,
                       manifest,
                       base_url,
                       endpoints,
                       options,
                       secrets,
                       ca,
                       certificate,
                       key,
                       proxy,
                       allow,
                       never))

}  // namespace sallyport::connectors::manifest
