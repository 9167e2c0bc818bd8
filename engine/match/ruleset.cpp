#include "engine/match/ruleset.hpp"

#include "engine/match/evaluation.hpp"

#include <utility>

namespace sallyport::match {

void Ruleset::add(Detection detection) {
  Member member{.detection = std::move(detection), .field_of = {0}};
  for (const auto& field : member.detection.fields()) {
    const auto [at, added] =
        field_numbers_.try_emplace(field.whole, static_cast<std::uint32_t>(fields_.size() + 1));
    if (added) fields_.push_back(field);
    member.field_of.push_back(at->second);
  }
  members_.push_back(std::move(member));
}

void Ruleset::match(const Record& record, const Visitor& visitor) const {
  Evaluation evaluation{record, fields_};
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (evaluation.matches(*members_[i].detection.program_, members_[i].field_of)) visitor(i);
}

}  // namespace sallyport::match
