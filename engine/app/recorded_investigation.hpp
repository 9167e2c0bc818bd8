#pragma once

#include "engine/gate/policy.hpp"
#include "engine/investigate/replay.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/model/request.hpp"
#include "engine/store/store.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::app {

/// How the gate was asked about a proposal of an investigation.
class PastDecisions {
 public:
  virtual ~PastDecisions() = default;

  /// What is decided of `request` as it was asked then. `recorded` is what was decided (nullptr: it
  /// was not proposed then). With a `policy` that one decides, else the one of then. Errors:
  /// not_found and invalid_input (the policy of then), and those of the store.
  [[nodiscard]] virtual Result<model::Decision> again(const model::ActionRequest& request,
                                                      const model::Decision* recorded,
                                                      const gate::Policy* policy) = 0;
};

/// An investigation that can be made again, with all that it needs.
struct RecordedInvestigation {
  investigate::Account account;
  std::shared_ptr<const investigate::Rules> rules;
  std::shared_ptr<const model::Catalogue> catalogue;
  std::unique_ptr<PastDecisions> decisions;
};

/// What was recorded with a verdict, in its store, which must outlive it. Errors: not_found (what
/// it was told is not kept), corrupt, unavailable.
[[nodiscard]] Result<RecordedInvestigation> recorded_in(const store::Store& store,
                                                        model::Verdict verdict);

/// Reads a file that record_to() wrote. Errors: not_found, invalid_input.
[[nodiscard]] Result<RecordedInvestigation> recorded_at(const std::filesystem::path& file);

/// Writes an investigation into `folder`: a file of its own, named after it, and under `kept/` by
/// their hash the rules and the policy that it went by. Errors: invalid_input (the verdict carries
/// no recording), unavailable.
[[nodiscard]] Result<> record_to(const std::filesystem::path& folder,
                                 const model::Alert& alert,
                                 const model::Verdict& verdict,
                                 const std::string& policy_text,
                                 Time decided_at);

}  // namespace sallyport::app
