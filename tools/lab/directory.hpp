#pragma once

#include "connectors/native/ldap/config.hpp"
#include "engine/base/result.hpp"
#include "tools/lab/process.hpp"

#include <filesystem>
#include <string>

namespace sallyport::lab {

/// A real slapd with the overlay ppolicy on a free port of 127.0.0.1.
///
/// Users under ou=people,dc=acme,dc=example, each with the password `<uid>-password`: alice, bob,
/// carol, dave, svc-backup; `twin` twice, in two places. Accounts that carry userAccountControl as
/// Active Directory's do are under ou=domain.
class Directory {
 public:
  /// Returns once it answers. Errors: unavailable.
  [[nodiscard]] static Result<Directory> start(const std::filesystem::path& folder);

  [[nodiscard]] const std::string& url() const noexcept { return url_; }

  [[nodiscard]] std::string dn_of(const std::string& user) const;

  /// How the engine reaches it, with an account that may change what a lock needs.
  [[nodiscard]] connectors::ldap::Config config() const;

  /// The exit status of ldapwhoami with this user's password: 0, or 49 where the directory refuses.
  [[nodiscard]] Result<int> log_in(const std::string& user) const;

 private:
  Process process_;
  std::filesystem::path folder_;
  std::string url_;
};

}  // namespace sallyport::lab
