#pragma once

#include "engine/base/json.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sallyport::connectors::taxii {

/// One API root of a TAXII server: an entry of `taxii:`.
struct Config {
  std::string name;
  std::string url;                           ///< Of the API root: https://taxii.example/api1/
  std::vector<std::string> collections;      ///< By id; empty: all that may be read.
  std::string user;                          ///< Basic authentication; or
  std::string password;                      ///< (a reference: env:, file:, credential:)
  std::string token;                         ///< a bearer token; or
  std::string key;                           ///< a key, both references,
  std::string key_header = "Authorization";  ///< in this header.
  std::string ca;                            ///< PEM; empty: the system's authorities.
  std::string proxy;                         ///< http://host:port
  std::vector<std::string> allow;            ///< As for connectors.
  std::uint32_t poll_s = 300;
  std::uint32_t page = 500;      ///< Objects that are asked for at once.
  std::uint32_t most = 200'000;  ///< Indicators of a collection that are kept.
  std::uint32_t from_days = 90;  ///< How far back the first poll goes; 0: all.
};

BOOST_DESCRIBE_STRUCT(Config,
                      (),
                      (name,
                       url,
                       collections,
                       user,
                       password,
                       token,
                       key,
                       key_header,
                       ca,
                       proxy,
                       allow,
                       poll_s,
                       page,
                       most,
                       from_days))

}  // namespace sallyport::connectors::taxii
