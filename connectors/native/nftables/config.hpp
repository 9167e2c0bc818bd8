#pragma once

#include "engine/base/json.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sallyport::connectors::nftables {

/// One firewall: two sets of single addresses and two of networks in a table of family inet.
struct Config {
  std::string name = "firewall";
  std::string network_namespace;  ///< As `ip netns` lists it; empty: the engine's own.
  std::string table = "sallyport";
  std::string hosts_v4 = "blocked_hosts_v4";
  std::string hosts_v6 = "blocked_hosts_v6";
  std::string networks_v4 = "blocked_networks_v4";  ///< Declared `flags interval, timeout`.
  std::string networks_v6 = "blocked_networks_v6";
  /// Create the table, its sets and its drop rules where they are absent. False: they are the
  /// administrator's, and only elements are added and removed.
  bool manage = true;
  std::int64_t default_duration_s = 86'400;  ///< Where the action names none. 0: without end.
  std::int64_t longest_duration_s = 30L * 86'400;
  bool allow_endless = false;  ///< Whether duration_s 0 (without end) may be asked for.
  unsigned widest_v4 = 24;     ///< The widest IPv4 network that may be blocked, as prefix length.
  unsigned widest_v6 = 64;
  std::vector<std::string> never_block;  ///< Addresses and CIDRs; what overlaps one is refused.
};

BOOST_DESCRIBE_STRUCT(Config,
                      (),
                      (name,
                       network_namespace,
                       table,
                       hosts_v4,
                       hosts_v6,
                       networks_v4,
                       networks_v6,
                       manage,
                       default_duration_s,
                       longest_duration_s,
                       allow_endless,
                       widest_v4,
                       widest_v6,
                       never_block))

}  // namespace sallyport::connectors::nftables
