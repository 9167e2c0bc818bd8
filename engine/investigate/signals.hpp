#pragma once

#include "engine/base/fault.hpp"
#include "engine/investigate/claim.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/evidence.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::investigate {

/// What the alert itself says.
struct AlertReading {
  std::vector<model::Evidence> evidence;  ///< `alert` (the product's verdict), `alert.text` (what
                                          ///< an attacker could have written), without ids.
  std::vector<std::string> flags;
};

/// Named questions to the OCSF finding of an alert: the `signals` of config/reasoner.yaml, each a
/// detection block, compiled once.
///
/// A rule of trust `sensor` may look only at the fields under `sensor_fields`, which products fill
/// from their own judgement; every other rule is `untrusted`, and what it finds can raise, never
/// lower. Of a source under `untrusted_sources` nothing at all is a product's judgement. A rule
/// with `flag` raises that flag and is no signal: it counts nothing. Alerts of such a source are
/// asked as well how far the event that they carry bears them out (`corroboration`). Thread-safe:
/// immutable; copies share the rules.
class SignalRules {
 public:
  /// Nothing is returned when one of the faults is an error.
  [[nodiscard]] static std::optional<SignalRules> read(const reason::ReasonerFile& file,
                                                       Faults& faults);

  [[nodiscard]] AlertReading read(const model::Alert& alert) const;

 private:
  struct Compiled;
  SignalRules(std::shared_ptr<const Compiled> compiled,
              std::vector<std::string> untrusted,
              const reason::Corroboration& corroboration);

  std::shared_ptr<const Compiled> compiled_;
  std::vector<std::string> untrusted_sources_;
  std::string borne_out_;  ///< The signal; empty: none.
  double believed_ = 1;
  std::shared_ptr<const Claims> claims_;
};

}  // namespace sallyport::investigate
