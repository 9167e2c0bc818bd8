#pragma once

#include "connectors/native/ldap/config.hpp"
#include "connectors/native/nftables/config.hpp"
#include "connectors/native/ssh/config.hpp"
#include "engine/base/result.hpp"
#include "tools/lab/directory.hpp"
#include "tools/lab/janitor.hpp"
#include "tools/lab/networks.hpp"
#include "tools/lab/workstation.hpp"

#include <filesystem>
#include <optional>

namespace sallyport::lab {

/// What of the lab is wanted.
struct Options {
  bool networks = true;
  bool directory = true;
  bool workstation = true;  ///< Needs the networks.
};

/// Real products to act on, on this machine and away from its own network: a gateway with nftables
/// between an outside and a host, an LDAP directory, and a host reached over SSH.
///
/// Everything it starts or makes is gone after its destructor, and also when this process is
/// killed. Start it from a thread that lives as long as the lab: what it starts dies with that
/// thread.
class Lab {
 public:
  /// Takes about a second. Errors: unavailable (not root, a program that is not installed), with
  /// the command that failed.
  [[nodiscard]] static Result<Lab> start(Options options = {});

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

  /// Each throws std::bad_optional_access where that part was not asked for.
  [[nodiscard]] const Networks& networks() const { return networks_.value(); }

  [[nodiscard]] const Directory& directory() const { return directory_.value(); }

  [[nodiscard]] Workstation& workstation() { return workstation_.value(); }

  /// How the engine reaches the gateway's firewall.
  [[nodiscard]] connectors::nftables::Config firewall() const;

 private:
  Janitor janitor_;  // goes last: it removes what the others used
  std::filesystem::path folder_;
  std::optional<Networks> networks_;
  std::optional<Directory> directory_;
  std::optional<Workstation> workstation_;
};

}  // namespace sallyport::lab
