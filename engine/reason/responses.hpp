#pragma once

#include "engine/model/alert.hpp"
#include "engine/model/evidence.hpp"
#include "engine/model/verdict.hpp"
#include "engine/reason/offer.hpp"
#include "engine/reason/weights.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::reason {

/// What a response may depend on.
struct Findings {
  model::Judgement verdict = model::Judgement::inconclusive;
  double confidence = 0;
  std::vector<std::string_view> signals;  ///< All that were found, each once.
  std::vector<std::string> support;       ///< Ids of the evidence that speaks for the verdict.
  bool injected = false;                  ///< Text of the alert speaks to whoever reads it.
  bool may_contain = false;  ///< Two independent sources, one that no attacker can write.
};

/// Whether `response` takes the alert out of people's sight: never done under suspicion of
/// injection.
[[nodiscard]] bool closes(const Response& response);

/// Whether the conditions of `response` hold. Says nothing of targets.
[[nodiscard]] bool called_for(const Response& response, bool contains, const Findings& findings);

/// One proposal per target: entities of the alert that `response` chooses, those that are grounded
/// first.
[[nodiscard]] std::vector<model::Proposal> propose(const Response& response,
                                                   const model::Alert& alert,
                                                   std::span<const model::Evidence> evidence,
                                                   const Findings& findings);

/// Whether `response` may be proposed on `entity`: kind, role and address are as it says. What
/// evidence says of the entity is not asked.
[[nodiscard]] bool may_point(const Response& response, const Pointed& entity);

/// `response` on an entity that may_point() let through, with its parameters. Empty: one of them
/// needs an entity that the alert does not have.
[[nodiscard]] std::optional<model::Proposal> propose_on(const Response& response,
                                                        const Pointed& entity,
                                                        const model::Alert& alert,
                                                        std::span<const model::Evidence> evidence,
                                                        const Findings& findings);

/// A `${{ name }}` in a parameter, and what stands around it.
struct Placeholder {
  std::string_view before;
  std::string_view name;
  std::string_view after;
};

[[nodiscard]] std::optional<Placeholder> next_placeholder(std::string_view text);

/// Whether `name` can be put into a parameter.
[[nodiscard]] bool is_placeholder(std::string_view name);

/// False for private, shared, loopback, link-local, multicast and reserved ranges, and for what is
/// no address. The ranges for documentation count as public: examples and tests live there.
[[nodiscard]] bool is_public_address(std::string_view text);

}  // namespace sallyport::reason
