#pragma once

#include "engine/base/digest.hpp"
#include "engine/base/json.hpp"
#include "engine/base/result.hpp"
#include "engine/base/secret.hpp"
#include "engine/model/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::serve {

enum class Role : std::uint8_t {
  viewer,    ///< Sees.
  analyst,   ///< Sees, acts through the gate, rolls back.
  approver,  ///< Sees, approves and denies.
  admin,     ///< Everything.
  ingest,    ///< Sends alerts and sees nothing.
};

BOOST_DESCRIBE_ENUM(Role, viewer, analyst, approver, admin, ingest)

/// Who holds a token and what that allows.
struct Principal {
  std::string name;
  std::vector<std::string> tenants;  ///< `*`: all.
  std::vector<Role> roles;

  [[nodiscard]] bool may(Role role) const;
  [[nodiscard]] bool sees(std::string_view tenant) const;

  /// How the ledger names it: an analyst when it may decide or act, else a program.
  [[nodiscard]] model::Actor actor() const;
};

/// One entry of the configuration.
struct Token {
  std::string name;
  Secret secret;
  std::vector<std::string> tenants;
  std::vector<Role> roles;
};

/// Knows the tokens. Keeps their digests only. Thread-safe once it is complete.
class Access {
 public:
  /// No tokens: nobody comes in. Errors: as add().
  [[nodiscard]] static Result<Access> make(std::vector<Token> tokens);

  /// Errors: invalid_input when the token is shorter than 16 characters, has no name, tenant or
  /// role, or shares its name or secret with another.
  [[nodiscard]] Result<> add(Token token);

  /// The holder of `bearer`, found in a time that does not depend on what was guessed right.
  [[nodiscard]] std::optional<Principal> who(std::string_view bearer) const;

  [[nodiscard]] bool closed() const noexcept { return known_.empty(); }

 private:
  struct Known {
    Digest digest{};
    Principal principal;
  };

  std::vector<Known> known_;
};

}  // namespace sallyport::serve
