#pragma once

#include "connectors/native/ldap/config.hpp"
#include "engine/act/actuator.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What a lock is in each dialect, and how names become filters: no I/O.
namespace sallyport::connectors::ldap {

/// One account, as far as a lock is concerned.
struct Entry {
  std::string dn;
  std::string id;                   ///< Bytes of entryUUID or objectGUID, in hexadecimal.
  std::vector<std::string> values;  ///< Of attribute_of(dialect).
};

/// The attribute that holds the lock.
[[nodiscard]] std::string_view attribute_of(Dialect dialect);

/// The attribute that names an entry for ever, also when its DN changes.
[[nodiscard]] std::string_view id_attribute_of(Dialect dialect);

/// `text` for a place in a search filter (RFC 4515): `*`, `(`, `)`, `\`, NUL and what is not
/// printable ASCII as `\xx`.
[[nodiscard]] std::string escape_filter(std::string_view text);

/// `user_filter` with `{user}` filled in.
[[nodiscard]] std::string user_filter(const Config& config, std::string_view user);

/// The filter for one id in hexadecimal. Errors: corrupt.
[[nodiscard]] Result<std::string> id_filter(Dialect dialect, std::string_view id);

/// What the attribute is to hold after `operation`. Errors: conflict (the entry has no such lock),
/// corrupt (a rollback record that cannot be read).
[[nodiscard]] Result<std::vector<std::string>> wanted_values(Dialect dialect,
                                                             const act::Operation& operation,
                                                             const std::vector<std::string>& now);

/// Errors: conflict, where a rollback finds what neither it nor its action has written.
[[nodiscard]] Result<> check_unchanged(Dialect dialect,
                                       const act::Operation& operation,
                                       const std::vector<std::string>& now);

/// One part of a modification of the attribute.
struct Part {
  bool adds = false;  ///< Else it removes exactly these.
  std::vector<std::string> values;
};

/// What makes `to` of exactly `from`: a directory refuses it where `from` is not what is there.
[[nodiscard]] std::vector<Part> parts_of(const std::vector<std::string>& from,
                                         const std::vector<std::string>& to);

/// The modification as LDIF (RFC 2849).
[[nodiscard]] std::string ldif(std::string_view dn,
                               std::string_view attribute,
                               const std::vector<Part>& parts);

/// `entry` as a rollback record keeps it.
[[nodiscard]] json::object state_of(Dialect dialect, const Entry& entry);

}  // namespace sallyport::connectors::ldap
