#pragma once

#include "engine/base/json.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sallyport::connectors::ldap {

/// How the directory writes down that a user may not log in.
enum class Dialect : std::uint8_t {
  ppolicy,           ///< OpenLDAP: pwdAccountLockedTime of the overlay ppolicy.
  active_directory,  ///< userAccountControl, bit ACCOUNTDISABLE.
};

/// One directory.
struct Config {
  std::string name = "idp";
  std::vector<std::string>
      urls;  ///< ldap://, ldaps:// or ldapi://; the first that answers is used.
  std::string bind_dn;
  std::string bind_password;  ///< A reference: env:NAME, file:/path, credential:NAME.
  std::string base_dn;
  std::string user_filter = "(uid={user})";
  Dialect dialect = Dialect::ppolicy;
  bool start_tls = false;
  std::string ca_file;  ///< Empty: the system's.
  /// Send the password without TLS to a server that is not this machine.
  bool allow_plaintext = false;
  std::int64_t timeout_ms = 5'000;  ///< Of one operation; the action's deadline if that is sooner.
  std::vector<std::string> protected_dns;  ///< These entries, and all beneath, are never disabled.
  std::vector<std::string> protected_users;  ///< As the target names them, whatever the case.
};

BOOST_DESCRIBE_ENUM(Dialect, ppolicy, active_directory)
BOOST_DESCRIBE_STRUCT(Config,
                      (),
                      (name,
                       urls,
                       bind_dn,
                       bind_password,
                       base_dn,
                       user_filter,
                       dialect,
                       start_tls,
                       ca_file,
                       allow_plaintext,
                       timeout_ms,
                       protected_dns,
                       protected_users))

}  // namespace sallyport::connectors::ldap
