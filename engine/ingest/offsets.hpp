#pragma once

#include <cstdint>
#include <optional>
#include <set>

namespace sallyport::ingest {

/// Which offset of one partition may be committed while messages finish in any order: the one
/// before which all are durable. Pure.
class Offsets {
 public:
  /// A message was taken from the partition. Offsets come ascending (gaps are usual: control
  /// records, compaction).
  void began(std::int64_t offset);

  /// What it led to is durable.
  void ended(std::int64_t offset);

  /// The offset to commit (Kafka's meaning: the next one to read), when it is further than what was
  /// handed out last.
  [[nodiscard]] std::optional<std::int64_t> take_committable();

  [[nodiscard]] std::size_t in_flight() const noexcept { return open_.size(); }

 private:
  std::set<std::int64_t> open_;
  std::int64_t next_ = -1;        ///< One past the highest that began.
  std::int64_t handed_out_ = -1;  ///< Committed, or where reading began.
};

}  // namespace sallyport::ingest
