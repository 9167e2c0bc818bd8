#pragma once

#include "engine/model/catalogue.hpp"
#include "engine/store/ledger_line.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sallyport::ingest {

/// A ledger entry where it stands. The views look into the line.
struct EntryView {
  store::LedgerFrame frame;
  std::string_view body;  ///< The JSON text of an object.
};

/// Empty when `line` is not written as a ledger entry.
[[nodiscard]] std::optional<EntryView> view_entry(std::string_view line);

/// Whether entries of this kind tell of an action.
[[nodiscard]] bool is_action_step(std::string_view kind);

/// A verdict as an OCSF 1.3 Incident Finding, the document unchanged under `unmapped.sallyport`.
/// Reads the head of the document only and copies the rest. Empty when it cannot be read.
[[nodiscard]] std::optional<std::string> incident_finding(const EntryView& entry);

/// A step of an action as OCSF makes it known.
struct ActionStep {
  std::string action;  ///< Its id.
  std::string event;
};

/// A step of an action as an OCSF 1.3 Remediation Activity, the entry's body unchanged under
/// `unmapped.sallyport`, the D3FEND technique from the verb's entry in `catalogue`. Empty when the
/// entry is about no action: a decision that no connector could have carried out.
[[nodiscard]] std::optional<ActionStep> remediation_activity(const EntryView& entry,
                                                             const model::Catalogue& catalogue);

}  // namespace sallyport::ingest
