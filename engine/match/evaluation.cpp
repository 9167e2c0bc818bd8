#include "engine/match/evaluation.hpp"

#include "engine/match/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sallyport::match {

namespace {

bool holds_bound(const NumberBound& bound, const Scalar& scalar) {
  std::optional<Number> number;
  if (bound.part) {
    if (const auto part = time_part(scalar, *bound.part)) number = *part;
  } else {
    number = number_of(scalar);
  }
  if (!number) return false;
  const auto order = compare(*number, bound.number);
  switch (bound.order) {
    case NumberBound::Order::equal:
      return order == 0;
    case NumberBound::Order::less:
      return order < 0;
    case NumberBound::Order::less_or_equal:
      return order <= 0;
    case NumberBound::Order::greater:
      return order > 0;
    case NumberBound::Order::greater_or_equal:
      return order >= 0;
  }
  return false;
}

bool relates(Pattern::Kind relation, std::string_view text, std::string_view other) {
  switch (relation) {
    case Pattern::Kind::prefix:
      return text.starts_with(other);
    case Pattern::Kind::suffix:
      return text.ends_with(other);
    case Pattern::Kind::contains:
      return contains(text, other);
    default:
      return text == other;
  }
}

}  // namespace

Evaluation::Evaluation(const Record& record, std::span<const FieldPath> fields)
    : record_{record}, fields_{fields} {
  slots_.resize(fields.size() + 1);
  values_.reserve(std::clamp<std::size_t>(fields.size(), 4, 16));
}

bool Evaluation::matches(const Program& program, std::span<const std::uint32_t> field_of) {
  program_ = &program;
  field_of_ = field_of;
  return holds(program.root);
}

bool Evaluation::holds(std::uint32_t index) {
  const auto& node = program_->nodes[index];
  const auto edges = std::span{program_->edges}.subspan(
      node.op == Program::Node::Op::test ? 0 : node.first, node.count);
  switch (node.op) {
    case Program::Node::Op::all:
      return std::ranges::all_of(edges, [this](auto child) { return holds(child); });
    case Program::Node::Op::any:
      return std::ranges::any_of(edges, [this](auto child) { return holds(child); });
    case Program::Node::Op::negation:
      return !holds(edges[0]);
    case Program::Node::Op::at_least: {
      std::uint32_t held = 0;
      for (std::size_t i = 0; i < edges.size() && held < node.need; ++i) held += holds(edges[i]);
      return held >= node.need;
    }
    case Program::Node::Op::test:
      return holds(program_->tests[node.first]);
  }
  return false;
}

bool Evaluation::holds(const Test& test) {
  const auto slot = fetch(test.field);
  const bool present = slot.state == Slot::State::present;
  if (test.kind == Test::Kind::exists) return present == test.exists;
  if (!present) return test.kind == Test::Kind::values && test.values.null && !test.differs;

  if (test.differs) {
    bool said = false;
    for (std::uint32_t i = 0; i < slot.count; ++i)
      said |= !std::holds_alternative<std::nullptr_t>(values_[slot.first + i].scalar);
    if (!said) return false;
    if (test.kind == Test::Kind::values) return !holds_any(test.values, slot);
    const auto other = fetch(test.reference);
    return other.state == Slot::State::present && other.count > 0 && !matches_reference(test, slot);
  }
  return test.kind == Test::Kind::reference ? matches_reference(test, slot)
                                            : holds_any(test.values, slot);
}

bool Evaluation::holds_any(const Values& values, Slot slot) {
  for (std::uint32_t i = 0; i < slot.count; ++i)
    if (matches_value(values, values_[slot.first + i])) return true;
  return false;
}

bool Evaluation::matches_value(const Values& values, Value& value) {
  if (std::holds_alternative<std::nullptr_t>(value.scalar)) return values.null;

  if (!values.numbers.empty()) {
    if (const auto number = number_of(value.scalar)) {
      for (const auto& wanted : values.numbers)
        if (compare(*number, wanted) == 0) return true;
    }
  }
  if (!values.texts.empty() || !values.text_set.empty() || !values.patterns.empty()) {
    const auto spelling = spelled(value, values.cased);
    for (const auto& wanted : values.texts)
      if (spelling == wanted) return true;
    if (!values.text_set.empty() && values.text_set.contains(spelling)) return true;
    for (const auto& pattern : values.patterns)
      if (pattern.matches(spelling)) return true;
  }
  for (const auto& regex : values.regexes)
    if (regex.matches(text(value))) return true;
  if (!values.networks.empty()) {
    if (const auto* spelling = std::get_if<std::string_view>(&value.scalar)) {
      if (const auto address = parse_address(*spelling)) {
        for (const auto& network : values.networks)
          if (network.holds(*address)) return true;
      } else if (const auto range = parse_network(*spelling)) {
        for (const auto& network : values.networks)
          if (network.holds(*range)) return true;
      }
    }
  }
  return std::ranges::any_of(
      values.bounds, [&value](const auto& bound) { return holds_bound(bound, value.scalar); });
}

bool Evaluation::matches_reference(const Test& test, Slot slot) {
  const auto other = fetch(test.reference);
  for (std::uint32_t i = 0; i < slot.count; ++i) {
    auto& mine = values_[slot.first + i];
    if (std::holds_alternative<std::nullptr_t>(mine.scalar)) continue;
    for (std::uint32_t j = 0; j < other.count; ++j) {
      auto& theirs = values_[other.first + j];
      if (std::holds_alternative<std::nullptr_t>(theirs.scalar)) continue;
      if (test.relation == Pattern::Kind::exact) {
        const auto a = number_of(mine.scalar);
        const auto b = number_of(theirs.scalar);
        const bool both_text = std::holds_alternative<std::string_view>(mine.scalar) &&
                               std::holds_alternative<std::string_view>(theirs.scalar);
        if (a && b && !both_text && compare(*a, *b) == 0) return true;
      }
      if (relates(
              test.relation, spelled(mine, test.values.cased), spelled(theirs, test.values.cased)))
        return true;
    }
  }
  return false;
}

Evaluation::Slot Evaluation::fetch(std::uint32_t field) {
  const auto ours = field_of_.empty() ? field : field_of_[field];
  auto& slot = slots_[ours];
  if (slot.state != Slot::State::unknown) return slot;
  slot.first = static_cast<std::uint32_t>(values_.size());
  const auto take = [this](const Scalar& scalar) {
    values_.push_back({.scalar = scalar, .text = {}, .folded = {}});
    return true;
  };
  bool present = true;
  if (ours == 0) {
    record_.visit_all(take);
  } else {
    present = record_.visit(fields_[ours - 1], take);
  }
  slot.count = static_cast<std::uint32_t>(values_.size()) - slot.first;
  slot.state = present ? Slot::State::present : Slot::State::absent;
  return slot;
}

std::string_view Evaluation::text(Value& value) {
  if (value.has_text) return value.text;
  value.has_text = true;
  if (const auto* spelling = std::get_if<std::string_view>(&value.scalar)) {
    value.text = *spelling;
  } else if (const auto* flag = std::get_if<bool>(&value.scalar)) {
    value.text = *flag ? "true" : "false";
  } else if (!std::holds_alternative<std::nullptr_t>(value.scalar)) {
    std::array<char, 40> digits{};
    const auto end = std::visit(
        [&digits](auto number) -> char* {
          if constexpr (std::is_arithmetic_v<decltype(number)>)
            return fmt::format_to_n(digits.data(), digits.size(), "{}", number).out;
          return digits.data();
        },
        value.scalar);
    const auto size = static_cast<std::size_t>(end - digits.data());
    auto* kept = static_cast<char*>(arena_.allocate(std::max<std::size_t>(size, 1), 1));
    std::memcpy(kept, digits.data(), size);
    value.text = {kept, size};
  }
  return value.text;
}

std::string_view Evaluation::folded(Value& value) {
  if (value.has_folded) return value.folded;
  value.has_folded = true;
  const auto plain = text(value);
  if (!plain.empty()) {
    auto* kept = static_cast<char*>(arena_.allocate(plain.size(), 1));
    fold_into(kept, plain);
    value.folded = {kept, plain.size()};
  }
  return value.folded;
}

}  // namespace sallyport::match
