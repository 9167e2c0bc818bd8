#pragma once

#include "tools/conformance/stand.hpp"

#include <string>
#include <vector>

namespace sallyport::conformance {

enum class FindingStatus : std::uint8_t { held, failed, not_applicable };

/// What came of one thing that must hold.
struct Finding {
  std::string trial;
  FindingStatus status = FindingStatus::held;
  std::string detail;
  std::vector<manifest::Sent> sent;
};

/// All that one operation was tried with.
struct Trials {
  std::string manifest;
  std::string title;  ///< The product.
  std::string verb;
  std::string undo;  ///< The verb that undoes it; empty: none.
  model::Target target;
  std::vector<Finding> findings;
  std::string parameters{};  ///< Which of the verb's the product takes, and which it refuses.
  bool is_query = false;  ///< Then `verb` is the name of the query, and `target` the known entity.

  [[nodiscard]] bool held() const;
};

/// Everything, each class of error and a lost answer included, each before a vendor in the state
/// that it begins with. Errors: as Stand::in_lab().
[[nodiscard]] Result<Trials> try_in_lab(std::shared_ptr<const manifest::Plan> plan,
                                        const Product& product,
                                        const Sample& sample,
                                        const model::Catalogue& catalogue);

/// Execute, verify, repeat, roll back, verify: what another server can be asked without doing it
/// harm. It is left as it was, where the verb can be undone.
[[nodiscard]] Trials try_at(Stand& stand, const Sample& sample);

BOOST_DESCRIBE_ENUM(FindingStatus, held, failed, not_applicable)

}  // namespace sallyport::conformance
