#pragma once

#include "connectors/native/ldap/account.hpp"
#include "connectors/native/ldap/config.hpp"
#include "engine/base/deadline.hpp"
#include "engine/base/secret.hpp"

#include <memory>
#include <string>
#include <vector>

struct ldap;

namespace sallyport::connectors::ldap {

/// How sure it is that a modification happened.
enum class Written { yes, unknown };

/// `dn` in one spelling, to be compared. Errors: invalid_input.
[[nodiscard]] Result<std::string> normal_dn(const std::string& dn);

/// One bound connection to a directory. Blocks; every call ends by its deadline.
///
/// Not thread-safe. Movable.
class Session {
 public:
  /// Connects, with TLS where the configuration says so, and binds. Errors: denied (the directory
  /// refuses us), unavailable, invalid_input (a CA file that cannot be read).
  [[nodiscard]] static Result<Session> open(const Config& config,
                                            const Secret& password,
                                            Deadline deadline);

  /// The one account that `filter` fits. Errors: not_found, conflict (several), denied,
  /// unavailable.
  [[nodiscard]] Result<Entry> find_one(const Config& config,
                                       const std::string& filter,
                                       Deadline deadline);

  /// Replaces exactly `from` by `to` in one modification. Errors: conflict (the entry no longer has
  /// `from`), denied, not_found, unavailable (nothing was sent, or the server was busy).
  [[nodiscard]] Result<Written> replace(const std::string& dn,
                                        std::string_view attribute,
                                        const std::vector<std::string>& from,
                                        const std::vector<std::string>& to,
                                        Deadline deadline);

 private:
  struct Close {
    void operator()(::ldap* connection) const;
  };

  explicit Session(::ldap* connection) : connection_{connection} {}

  std::unique_ptr<::ldap, Close> connection_;
};

}  // namespace sallyport::connectors::ldap
