#pragma once

#include "engine/model/alert.hpp"
#include "engine/model/evidence.hpp"
#include "engine/reason/offer.hpp"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::reason {

/// What the judge is told of one investigation.
struct Brief {
  std::string text;
  std::map<std::string, std::string, std::less<>> shown;  ///< Evidence id -> the line about it.
  std::size_t left_out = 0;  ///< Evidence that did not fit; `text` says so.
};

/// How much a brief may hold.
struct BriefLimits {
  std::size_t bytes = 15'000;     ///< Three bytes a token: with the instructions, 6,000 tokens.
  std::size_t value_bytes = 300;  ///< Of one text.
  std::size_t evidence_bytes = 2'500;
  std::size_t entities = 24;
};

/// Writes the brief: entities by number, evidence by id, the actions that may be proposed.
///
/// Every piece that is not ours is one line of JSON that begins with `marker`, cleaned by
/// shown_text(); what speaks comes first, and what does not fit is named. The same input gives the
/// same text. Names that read like sentences are shown as their length and hash.
[[nodiscard]] Brief write_brief(const model::Alert& alert,
                                std::span<const model::Evidence> evidence,
                                std::span<const Pointed> entities,
                                std::span<const Offer> offers,
                                std::string_view marker,
                                const BriefLimits& limits = {});

/// Lines about evidence that came later, as in the brief; adds them to `brief.shown`.
[[nodiscard]] std::string more_evidence(Brief& brief,
                                        std::span<const model::Evidence> evidence,
                                        std::string_view marker,
                                        const BriefLimits& limits = {});

/// The marker of an investigation: nobody who wrote an alert can know it.
[[nodiscard]] std::string marker_of(std::string_view investigation);

}  // namespace sallyport::reason
