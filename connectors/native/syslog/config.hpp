#pragma once

#include "engine/base/json.hpp"

#include <cstdint>
#include <string>

namespace sallyport::connectors::syslog {

enum class Transport : std::uint8_t {
  udp,  ///< One datagram a message; what gets lost is lost.
  tcp,  ///< Octet counting (RFC 6587).
  tls,  ///< The same over TLS (RFC 5425).
};

enum class Format : std::uint8_t { rfc5424, cef };

/// One collector of events: an entry of `connectors:` with `type: syslog`.
struct Config {
  std::string name = "syslog";
  std::string host;
  std::uint16_t port = 0;  ///< 0: 514, or 6514 with `tls`.
  Transport transport = Transport::tls;
  Format format = Format::rfc5424;
  std::uint32_t facility = 16;       ///< local0; 0 to 23.
  std::string origin = "sallyport";  ///< The host name in each message.
  std::string ca_file;               ///< PEM; empty: the system's authorities.
  std::string certificate_file;      ///< PEM files, where the collector asks who we are.
  std::string key_file;
  std::uint32_t timeout_ms = 5'000;
};

BOOST_DESCRIBE_ENUM(Transport, udp, tcp, tls)
BOOST_DESCRIBE_ENUM(Format, rfc5424, cef)
BOOST_DESCRIBE_STRUCT(Config,
                      (),
                      (name,
                       host,
                       port,
                       transport,
                       format,
                       facility,
                       origin,
                       ca_file,
                       certificate_file,
                       key_file,
                       timeout_ms))

}  // namespace sallyport::connectors::syslog
