#pragma once

#include "engine/base/json.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sallyport::connectors::smtp {

enum class Security : std::uint8_t {
  starttls,  ///< Plain first, then TLS; without it nothing is sent.
  tls,       ///< TLS from the first byte.
  none,      ///< Anybody on the way can read it; no password is sent.
};

/// One mail server that takes our mail: an entry of `connectors:` with `type: smtp`.
struct Config {
  std::string name = "mail";
  std::string host;
  std::uint16_t port = 0;  ///< 0: 587, or 465 with `tls`.
  Security security = Security::starttls;
  std::string ca_file;   ///< PEM; empty: the system's authorities.
  std::string user;      ///< Empty: the server lets us in without.
  std::string password;  ///< A reference: env:, file:, credential:
  std::string from;
  std::vector<std::string> domains;  ///< Mail goes to addresses in these, and to no other.
  std::map<std::string, std::vector<std::string>> channels;  ///< Name -> addresses.
  std::string subject = "[Sallyport]";                       ///< What each subject begins with.
  std::uint32_t timeout_ms = 20'000;  ///< From connecting to the last answer.
};

BOOST_DESCRIBE_ENUM(Security, starttls, tls, none)
BOOST_DESCRIBE_STRUCT(Config,
                      (),
                      (name,
                       host,
                       port,
                       security,
                       ca_file,
                       user,
                       password,
                       from,
                       domains,
                       channels,
                       subject,
                       timeout_ms))

}  // namespace sallyport::connectors::smtp
