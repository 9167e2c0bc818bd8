#include "engine/act/timed.hpp"

#include <algorithm>
#include <string_view>

namespace sallyport::act {

namespace {

constexpr std::int64_t longest_s = 31'536'000;  ///< As the catalogue's.

std::optional<Time> end_that_the_product_says(const model::Action& action) {
  const auto* at = action.outcome ? action.outcome->product.if_contains("ends_at") : nullptr;
  if (!at || !at->is_string()) return std::nullopt;
  const auto time = parse_rfc3339(std::string_view{at->get_string()});
  return time ? std::optional{*time} : std::nullopt;
}

}  // namespace

bool ends_itself(const model::Action& action) {
  return end_that_the_product_says(action).has_value();
}

std::optional<Time> end_of(const model::Action& action, Time now) {
  if (auto said = end_that_the_product_says(action)) return said;
  // What held before is not ours to end.
  const bool ours = action.outcome && action.outcome->status == model::OutcomeStatus::succeeded &&
                    action.rollback && !action.rollback->verb.empty();
  const auto* seconds = action.request.parameters.if_contains("duration_s");
  if (!ours || !seconds || !seconds->is_int64() || seconds->get_int64() < 1) return std::nullopt;
  return now + std::chrono::seconds{std::min(seconds->get_int64(), longest_s)};
}

}  // namespace sallyport::act
