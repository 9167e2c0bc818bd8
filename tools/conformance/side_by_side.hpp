#pragma once

#include "tools/conformance/trials.hpp"

#include <functional>
#include <vector>

namespace sallyport::conformance {

/// What is tried before a vendor of its own.
struct Work {
  std::function<std::vector<Finding>(Stand& stand)> tried;
  std::string hostile{};  ///< What an attacker has made that vendor say.
};

/// All of them, several at a time, for they mostly wait; what they found, in their order.
/// Errors: as Stand::in_lab().
[[nodiscard]] Result<std::vector<Finding>> side_by_side(std::shared_ptr<const manifest::Plan> plan,
                                                        const Product& product,
                                                        const model::Catalogue& catalogue,
                                                        std::vector<Work> works);

}  // namespace sallyport::conformance
