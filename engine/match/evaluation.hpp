#pragma once

#include "engine/match/program.hpp"
#include "engine/match/record.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

namespace sallyport::match {

/// One record while detections are asked about it. Each field is fetched once, and turned into
/// text and folded once at most, however many tests look at it.
///
/// Not thread-safe. Refers to the record and the fields, which must outlive it.
class Evaluation {
 public:
  Evaluation(const Record& record, std::span<const FieldPath> fields);
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

  /// `field_of[f]` says which of our fields is the program's field `f` (counted as Test::field is);
  /// empty: they are the same.
  [[nodiscard]] bool matches(const Program& program, std::span<const std::uint32_t> field_of = {});

 private:
  struct Value {
    Scalar scalar;
    std::string_view text;
    std::string_view folded;
    bool has_text = false;
    bool has_folded = false;
  };

  struct Slot {
    enum class State : std::uint8_t { unknown, absent, present };
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    State state = State::unknown;
  };

  [[nodiscard]] bool holds(std::uint32_t node);
  [[nodiscard]] bool holds(const Test& test);
  [[nodiscard]] bool holds_any(const Values& values, Slot slot);
  [[nodiscard]] bool matches_value(const Values& values, Value& value);
  [[nodiscard]] bool matches_reference(const Test& test, Slot slot);
  [[nodiscard]] Slot fetch(std::uint32_t field);
  [[nodiscard]] std::string_view text(Value& value);
  [[nodiscard]] std::string_view folded(Value& value);

  [[nodiscard]] std::string_view spelled(Value& value, bool cased) {
    return cased ? text(value) : folded(value);
  }

  const Record& record_;
  std::span<const FieldPath> fields_;
  const Program* program_ = nullptr;
  std::span<const std::uint32_t> field_of_;
  alignas(std::max_align_t) std::array<std::byte, 4096> buffer_;  // NOLINT: filled by the arena
  std::pmr::monotonic_buffer_resource arena_{buffer_.data(), buffer_.size()};
  std::pmr::vector<Slot> slots_{&arena_};
  std::pmr::vector<Value> values_{&arena_};
};

}  // namespace sallyport::match
