#pragma once

#include "engine/model/alert.hpp"
#include "engine/model/decision.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sallyport::reason {

/// An entity of the investigation as a model may point at it: by its place in the list.
struct Pointed {
  model::Entity entity;  ///< Kind `alert` for the alert itself, which is the first.
  std::vector<std::string> roles;
  bool grounded = true;  ///< False: only text that an attacker can write names it.
};

/// The alert, then its entities, each once.
[[nodiscard]] std::vector<Pointed> entities_of(const model::Alert& alert);

/// A verb that may be proposed here, and on what. Parameters are filled in by code.
struct Offer {
  std::string verb;
  model::BlastRadius radius = model::BlastRadius::UNKNOWN;
  std::string when;                   ///< What the table of responses says it is for.
  std::vector<std::size_t> entities;  ///< Places in entities_of().
};

}  // namespace sallyport::reason
