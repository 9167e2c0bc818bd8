#pragma once

#include <string>
#include <string_view>

namespace sallyport::store {

/// What the ledger's index knows a `decided` entry by. Empty: the entry does not say.
struct DecisionFacets {
  std::string verb;
  std::string target;  ///< Its value.
  std::string decision;
  std::string reason;
};

/// Reads them off a body (or a whole line) as to_json() writes it, without building a tree: each
/// decision pays for this on the commit thread. What is written otherwise has none.
[[nodiscard]] DecisionFacets facets_of(std::string_view text);

}  // namespace sallyport::store
