#pragma once

#include "engine/match/detection.hpp"
#include "engine/match/record.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sallyport::match {

/// Many detections asked about one record at a time: a field that several of them ask for is looked
/// up and folded once. Answers as each of them would alone.
///
/// Filled first; then immutable and thread-safe.
class Ruleset {
 public:
  /// Takes the number of a detection, counted from 0 in the order they were added.
  using Visitor = std::function<void(std::size_t)>;

  void add(Detection detection);

  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }

  /// Visits each detection that matches, in the order they were added.
  void match(const Record& record, const Visitor& visitor) const;

 private:
  struct Member {
    Detection detection;
    std::vector<std::uint32_t> field_of;  ///< Its fields among ours, counted as Test::field is.
  };

  std::vector<Member> members_;
  std::vector<FieldPath> fields_;
  std::map<std::string, std::uint32_t, std::less<>> field_numbers_;
};

}  // namespace sallyport::match
