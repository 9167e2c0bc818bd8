#pragma once

#include "engine/base/fault.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/model/verdict.hpp"
#include "engine/reason/weights.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sallyport::reason {

/// What the reasoner concluded.
struct Judgement {
  model::Judgement verdict = model::Judgement::inconclusive;
  double confidence = 0;   ///< Of the verdict, 0 to 1.
  double probability = 0;  ///< Of malice.
  std::vector<model::Term> explanation;
  std::vector<model::Proposal> proposals;  ///< At least one.
};

/// The embedded reasoner: weighs the signals of the evidence by log-odds and explains itself term
/// by term. Needs no model and no network.
///
/// Promises: pure, the same answer each time. A negative weight counts only from evidence that an
/// attacker cannot write. Closing needs such evidence and nothing missing; under suspicion of
/// injection nothing is proposed that takes the alert out of sight. What contains (LOW and above)
/// is proposed only when two independent sources speak for it, one of them not written by an
/// attacker. Targets are entities of the alert. Thread-safe: immutable; copies share the file.
class Reasoner {
 public:
  /// Checks the document of config/reasoner.yaml against the catalogue. Nothing is returned when
  /// one of the faults is an error.
  [[nodiscard]] static std::optional<Reasoner> read(const json::value& document,
                                                    const model::Catalogue& catalogue,
                                                    Faults& faults);

  /// `evidence` carries ids. Signals without a weight count nothing.
  [[nodiscard]] Judgement judge(const model::Alert& alert,
                                std::span<const model::Evidence> evidence) const;

  [[nodiscard]] const ReasonerFile& file() const noexcept { return *file_; }

 private:
  Reasoner(std::shared_ptr<const ReasonerFile> file, std::vector<bool> contains);

  std::shared_ptr<const ReasonerFile> file_;
  std::vector<bool> contains_;  ///< Per response: LOW and above.
};

}  // namespace sallyport::reason
