#include "engine/serve/access.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::serve {

namespace {

constexpr std::size_t least_secret_characters = 16;

/// Looks at every byte whatever the first ones say.
bool same(const Digest& a, const Digest& b) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

bool has(const std::vector<Role>& roles, Role role) {
  return std::ranges::find(roles, role) != roles.end();
}

}  // namespace

bool Principal::may(Role role) const {
  if (has(roles, Role::admin) || has(roles, role)) return true;
  return role == Role::viewer && (has(roles, Role::analyst) || has(roles, Role::approver));
}

bool Principal::sees(std::string_view tenant) const {
  return std::ranges::any_of(tenants, [&](const auto& own) { return own == "*" || own == tenant; });
}

model::Actor Principal::actor() const {
  const bool person = may(Role::analyst) || may(Role::approver);
  return {.kind = person ? "analyst" : "api", .id = name};
}

Result<Access> Access::make(std::vector<Token> tokens) {
  Access access;
  for (auto& token : tokens) {
    const auto added = access.add(std::move(token));
    if (!added) return std::unexpected{added.error()};
  }
  return access;
}

Result<> Access::add(Token token) {
  if (token.name.empty()) return fail(Errc::invalid_input, "a token needs a name");
  if (token.secret.reveal().size() < least_secret_characters)
    return fail(
        Errc::invalid_input,
        fmt::format(
            "token '{}' is shorter than {} characters", token.name, least_secret_characters));
  if (token.tenants.empty() || token.roles.empty())
    return fail(Errc::invalid_input,
                fmt::format("token '{}' needs at least one tenant and one role", token.name));
  const auto digest = sha256(token.secret.reveal());
  for (const auto& other : known_) {
    if (other.principal.name == token.name || same(other.digest, digest))
      return fail(
          Errc::invalid_input,
          fmt::format(
              "token '{}' and '{}' share a name or a secret", token.name, other.principal.name));
  }
  known_.push_back({.digest = digest,
                    .principal = {.name = std::move(token.name),
                                  .tenants = std::move(token.tenants),
                                  .roles = std::move(token.roles)}});
  return {};
}

std::optional<Principal> Access::who(std::string_view bearer) const {
  const auto digest = sha256(bearer);
  const Known* found = nullptr;
  for (const auto& known : known_)
    if (same(known.digest, digest)) found = &known;
  if (!found) return std::nullopt;
  return found->principal;
}

}  // namespace sallyport::serve
