#pragma once

#include "engine/investigate/query.hpp"
#include "engine/investigate/step.hpp"
#include "engine/reason/brief.hpp"
#include "engine/reason/language_model.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sallyport::investigate {

/// Who is asked in an investigation beside the embedded reasoner. Immutable; shared by the
/// investigations that use it.
struct Counsel {
  std::shared_ptr<reason::LanguageModel> judge;
  std::shared_ptr<reason::LanguageModel> reader;  ///< nullptr: the text is not read by a model.
  std::vector<std::shared_ptr<Query>> queries;
  std::uint32_t rounds = 1;  ///< Of look-ups.
  std::uint32_t max_output_tokens = 1500;
  reason::BriefLimits brief;

  [[nodiscard]] Ladder ladder() const {
    return {.model = true, .rounds = queries.empty() ? 0 : rounds};
  }
};

/// The questions to a judge, without what each has of its own.
struct JudgeForms {
  std::shared_ptr<const reason::Form> looking;  ///< It may look something up, or conclude.
  std::shared_ptr<const reason::Form> concluding;
};

/// Those of `counsel` to a judge who may propose `verbs`.
[[nodiscard]] JudgeForms judge_forms(const Counsel& counsel, std::span<const std::string> verbs);

}  // namespace sallyport::investigate
