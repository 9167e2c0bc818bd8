#include "engine/ingest/offsets.hpp"

#include <algorithm>

namespace sallyport::ingest {

void Offsets::began(std::int64_t offset) {
  if (handed_out_ < 0) handed_out_ = offset;  // where reading began is where Kafka already stands
  open_.insert(open_.end(), offset);
  next_ = std::max(next_, offset + 1);
}

void Offsets::ended(std::int64_t offset) {
  open_.erase(offset);
}

std::optional<std::int64_t> Offsets::take_committable() {
  const auto committable = open_.empty() ? next_ : *open_.begin();
  if (committable <= handed_out_) return std::nullopt;
  handed_out_ = committable;
  return committable;
}

}  // namespace sallyport::ingest
