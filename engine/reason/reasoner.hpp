#pragma once

#include "engine/base/fault.hpp"
#include "engine/model/alert.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/model/verdict.hpp"
#include "engine/reason/answer.hpp"
#include "engine/reason/offer.hpp"
#include "engine/reason/weights.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sallyport::reason {

struct Findings;

/// What the reasoner concluded.
struct Judgement {
  model::Judgement verdict = model::Judgement::inconclusive;
  double confidence = 0;   ///< Of the verdict, 0 to 1.
  double probability = 0;  ///< Of malice.
  std::vector<model::Term> explanation;
  std::vector<model::Proposal> proposals;  ///< At least one.
  std::string kept;  ///< Why the verdict is not what a model said; empty: it is, or none said one.
};

/// What a language model adds to the evidence.
struct Heard {
  const Answer* answer = nullptr;  ///< Checked by read_answer(); nullptr: nobody concluded.
  bool injected = false;           ///< A reader found that the text speaks to it.
};

/// The embedded reasoner: weighs the signals of the evidence by log-odds and explains itself term
/// by term. Needs no model and no network.
///
/// Promises: pure, the same answer each time. A negative weight counts only from evidence that an
/// attacker cannot write. Closing needs such evidence and nothing missing; under suspicion of
/// injection nothing is proposed that takes the alert out of sight. What contains (LOW and above)
/// is proposed only when two independent sources speak for it, one of them not written by an
/// attacker. What people taught (`people.`) raises and lowers within a bound; it closes nothing that
/// would not close without it, and is no source that carries an action. Targets are entities of the
/// alert.
///
/// A language model's answer is one more voice, and text may have talked it into anything. So it
/// may raise the verdict (to malicious only as the evidence allows); it lowers it by one step at
/// most, and only by evidence that lowers, that it cites and that no attacker can write; it closes
/// only what such evidence closes; under suspicion of injection it lowers, closes and proposes
/// nothing; what it proposes must be allowed for the verdict by the table of responses, and what
/// contains rests on the evidence as if no model had been asked. The confidence is computed.
///
/// Thread-safe: immutable; copies share the file.
class Reasoner {
 public:
  /// Checks the document of config/reasoner.yaml against the catalogue. Nothing is returned when
  /// one of the faults is an error.
  [[nodiscard]] static std::optional<Reasoner> read(const json::value& document,
                                                    const model::Catalogue& catalogue,
                                                    Faults& faults);

  /// `evidence` carries ids. Signals without a weight count nothing.
  [[nodiscard]] Judgement judge(const model::Alert& alert,
                                std::span<const model::Evidence> evidence,
                                const Heard& heard = {}) const;

  /// What a model may propose about this alert: the verbs of the responses that are no fallback
  /// and close nothing, each with the entities (by their place) that it can be done to.
  [[nodiscard]] std::vector<Offer> offers(std::span<const Pointed> entities) const;

  /// All verbs that offers() can ever name, each once.
  [[nodiscard]] std::vector<std::string> verbs() const;

  [[nodiscard]] const ReasonerFile& file() const noexcept { return *file_; }

 private:
  Reasoner(std::shared_ptr<const ReasonerFile> file, std::vector<model::BlastRadius> radii);

  [[nodiscard]] bool contains(std::size_t response) const {
    return radii_[response] != model::BlastRadius::MINIMAL;
  }

  void propose_picked(const Answer& answer,
                      const model::Alert& alert,
                      std::span<const model::Evidence> evidence,
                      const Findings& findings,
                      std::vector<model::Proposal>& proposals) const;

  std::shared_ptr<const ReasonerFile> file_;
  std::vector<model::BlastRadius> radii_;  ///< Per response.
};

}  // namespace sallyport::reason
