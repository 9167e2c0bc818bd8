#pragma once

#include "connectors/manifest/spec.hpp"
#include "engine/base/json.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sallyport::connectors::manifest {

/// How the queries of a manifest are used.
struct EnrichConfig {
  bool at_arrival = true;             ///< False: only what a model chooses is asked.
  std::vector<std::string> entities;  ///< Kinds that are asked about; empty: all it answers for.
  std::vector<std::string> tenants;   ///< Whose alerts; empty: everybody's.
  std::vector<std::string> ours;      ///< Domains that nobody outside is told of.
  std::uint32_t most = 5;             ///< Entities of an alert that one query is asked about.
  std::uint32_t at_once = 4;          ///< Questions under way; the next ones wait.
  std::uint32_t kept = 10'000;        ///< Answers that are kept, and their size.
  std::uint32_t kept_kb = 16'384;
};

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
  std::vector<LimitSpec> limits;   ///< In place of the manifest's; empty: those.
  std::uint32_t concurrency = 0;   ///< The same; 0: the manifest's.
  EnrichConfig enrich;
};

BOOST_DESCRIBE_STRUCT(EnrichConfig,
                      (),
                      (at_arrival, entities, tenants, ours, most, at_once, kept, kept_kb))
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
                       never,
                       limits,
                       concurrency,
                       enrich))

}  // namespace sallyport::connectors::manifest
