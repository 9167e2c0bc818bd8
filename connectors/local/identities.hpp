#pragma once

#include "connectors/local/reloading.hpp"
#include "engine/investigate/enricher.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sallyport::connectors::local {

struct Identity {
  std::string user;
  std::string email;
  std::string department;
  bool privileged = false;
  bool vip = false;
  std::string manager;
  std::string status;  ///< active, disabled, ...; empty: not said.
  std::vector<std::string> tags;
};

/// Accounts by name and mail address, without case. DOMAIN\user and user@realm find `user` where
/// the whole is not listed.
class IdentityInventory {
 public:
  /// Errors: invalid_input.
  [[nodiscard]] static Result<IdentityInventory> read(
      const std::vector<std::filesystem::path>& files);

  [[nodiscard]] const Identity* find(const model::Entity& entity) const;

  [[nodiscard]] std::size_t size() const noexcept { return identities_.size(); }

 private:
  [[nodiscard]] Result<> add(Identity identity);

  std::vector<Identity> identities_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<std::string, std::size_t> by_email_;
};

/// The inventory of identities: CSV with the columns user, email, department, privileged, vip,
/// manager, status, tags, or JSON with the same names.
///
/// Evidence `identity`: one item for each user or mail address that is known. Signals:
/// `identity.<role>.<tag>`; `identity.privileged`, `identity.vip`; `identity.disabled` where the
/// account is disabled, suspended, locked or its owner has left. Thread-safe.
class Identities final : public investigate::Enricher {
 public:
  /// `paths` are files and folders; none: evidence is `not_collected`. Reads nothing yet.
  explicit Identities(std::vector<std::filesystem::path> paths);

  /// Call it at start and then every second. Errors: as Intel::reload_if_changed().
  [[nodiscard]] Result<bool> reload_if_changed() { return inventory_.reload_if_changed(); }

  [[nodiscard]] std::size_t size() const { return inventory_.current()->size(); }

  [[nodiscard]] std::string_view name() const override { return "identity"; }

  [[nodiscard]] std::optional<Answer> answer_now(const model::Alert& alert) const override;
  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> alert,
                                            Deadline deadline) override;

 private:
  bool configured_;
  Reloading<IdentityInventory> inventory_;
};

}  // namespace sallyport::connectors::local
