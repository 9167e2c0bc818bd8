#pragma once

#include "engine/base/json.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sallyport::connectors::ssh {

/// One machine that can be acted on.
struct Host {
  std::string address;  ///< Better an address than a name: a name is resolved without a deadline.
  std::uint16_t port = 22;
  std::string user = "root";
  std::string key_file;                   ///< Empty: the connector's.
  std::vector<std::string> fingerprints;  ///< `SHA256:...` of its host keys; empty: known_hosts.
};

/// A fleet of machines reached over SSH.
struct Config {
  std::string name = "edr";
  std::map<std::string, Host> hosts;  ///< By the name that targets carry.
  std::string network_namespace;      ///< To connect from; empty: the engine's own.
  std::string key_file;
  std::string key_passphrase;        ///< A reference: env:NAME, file:/path, credential:NAME.
  std::string known_hosts;           ///< A file in OpenSSH's format.
  bool sudo = false;                 ///< Run commands through `sudo -n`.
  std::int64_t timeout_ms = 15'000;  ///< Of one operation; the action's deadline if that is sooner.
  std::string quarantine_dir = "/var/lib/sallyport-quarantine";
  /// Paths that are never touched, and all beneath them; /proc, /sys, /dev and the quarantine are
  /// always among them.
  std::vector<std::string> protected_paths{"/etc/passwd",
                                           "/etc/shadow",
                                           "/etc/group",
                                           "/etc/gshadow",
                                           "/etc/sudoers",
                                           "/etc/sudoers.d",
                                           "/etc/ssh",
                                           "/boot",
                                           "/bin",
                                           "/sbin",
                                           "/lib",
                                           "/lib64",
                                           "/usr/bin",
                                           "/usr/sbin",
                                           "/usr/lib",
                                           "/usr/lib64"};
  std::vector<std::string> protected_processes{"init", "systemd", "sshd", "sallyport"};
  std::vector<std::string> protected_hosts;  ///< By name; never isolated.
  /// Who still reaches an isolated host, on its SSH port. Empty: the address that the host sees us
  /// come from.
  std::vector<std::string> management;
};

BOOST_DESCRIBE_STRUCT(Host, (), (address, port, user, key_file, fingerprints))
BOOST_DESCRIBE_STRUCT(Config,
                      (),
                      (name,
                       hosts,
                       network_namespace,
                       key_file,
                       key_passphrase,
                       known_hosts,
                       sudo,
                       timeout_ms,
                       quarantine_dir,
                       protected_paths,
                       protected_processes,
                       protected_hosts,
                       management))

}  // namespace sallyport::connectors::ssh
