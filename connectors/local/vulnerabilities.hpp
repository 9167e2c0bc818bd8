#pragma once

#include "connectors/local/host_index.hpp"
#include "connectors/local/reloading.hpp"
#include "engine/investigate/enricher.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::local {

/// A weakness of a machine that is open: nobody has fixed it.
struct Weakness {
  std::string cve;       ///< CVE-2021-44228
  std::string severity;  ///< low, medium, high, critical; empty: not said.
  double cvss = 0;       ///< 0: not said.
  bool kev = false;      ///< It is being exploited somewhere (CISA's list).

  [[nodiscard]] bool is_critical() const { return severity == "critical" || cvss >= 9; }
};

/// What machines are open to. What is fixed is not in it.
class WeaknessInventory {
 public:
  struct Machine {
    std::string host;
    std::vector<Weakness> open;
  };

  /// Errors: invalid_input.
  [[nodiscard]] static Result<WeaknessInventory> read(
      const std::vector<std::filesystem::path>& files);

  /// nullptr: the inventory does not name it.
  [[nodiscard]] const Machine* find(const model::Entity& entity) const;

  [[nodiscard]] std::size_t size() const noexcept { return weaknesses_; }

 private:
  [[nodiscard]] Result<Machine*> machine(std::string_view host, std::string_view address);

  std::vector<Machine> machines_;
  HostIndex index_;
  std::size_t weaknesses_ = 0;
};

/// The inventory of vulnerabilities, as a scanner exports it: CSV with the columns host, ip, cve,
/// severity, cvss, kev, fixed (true or false), or JSON with the same names; a line for each
/// weakness of a machine.
///
/// Evidence `vulnerability`: one item for each host or address of the alert that the inventory
/// names (`empty` where nothing of it is open). Signals, of what was attacked (device, dst, target)
/// alone: `vulnerability.named`, the alert names a CVE that is open there; `vulnerability.exposed`,
/// the alert is of an exploit and something critical or known to be exploited is open there.
/// Thread-safe.
class Vulnerabilities final : public investigate::Enricher {
 public:
  /// `paths` are files and folders; none: evidence is `not_collected`. Reads nothing yet.
  explicit Vulnerabilities(std::vector<std::filesystem::path> paths);

  /// Call it at start and then every second. Errors: as Intel::reload_if_changed().
  [[nodiscard]] Result<bool> reload_if_changed() { return inventory_.reload_if_changed(); }

  [[nodiscard]] std::size_t size() const { return inventory_.current()->size(); }

  [[nodiscard]] std::string_view name() const override { return "vulnerability"; }

  [[nodiscard]] std::optional<Answer> answer_now(const model::Alert& alert) const override;
  Task<std::vector<model::Evidence>> enrich(std::shared_ptr<const model::Alert> alert,
                                            Deadline deadline) override;

 private:
  bool configured_;
  Reloading<WeaknessInventory> inventory_;
};

}  // namespace sallyport::connectors::local
