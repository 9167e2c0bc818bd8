#pragma once

#include "engine/match/network.hpp"
#include "engine/match/number.hpp"
#include "engine/match/pattern.hpp"
#include "engine/match/record.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sallyport::match {

/// Hashes text without making a string of it.
struct TextHash {
  using is_transparent = void;

  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

/// `field|gt: 5` and `field|hour: 3`.
struct NumberBound {
  enum class Order : std::uint8_t { equal, less, less_or_equal, greater, greater_or_equal };

  Order order = Order::equal;
  Number number;
  std::optional<TimePart> part;
};

/// The values that one field is held against: any of them will do.
struct Values {
  bool cased = false;
  bool null = false;
  std::vector<std::string> texts;  ///< Whole values, when they are few; else in `text_set`.
  TextSet text_set;
  std::vector<Pattern> patterns;
  std::vector<Pattern> regexes;  ///< These see the text as it is, whatever `cased` says.
  std::vector<Number> numbers;
  std::vector<Network> networks;
  std::vector<NumberBound> bounds;
};

/// One question about one field.
struct Test {
  enum class Kind : std::uint8_t { values, exists, reference };

  Kind kind = Kind::values;
  bool differs = false;         ///< neq: the field is there and no value matches.
  bool exists = true;           ///< What `exists` asks for.
  std::uint32_t field = 0;      ///< 0: every value of the record; else 1 + index into fields.
  std::uint32_t reference = 0;  ///< The other field, counted the same.
  Pattern::Kind relation = Pattern::Kind::exact;  ///< How a reference is compared.
  Values values;
};

/// A detection as the evaluator walks it: nodes refer to nodes and tests by index. No cycles, and
/// no deeper than the compiler's limits.
struct Program {
  struct Node {
    enum class Op : std::uint8_t { all, any, negation, at_least, test };

    Op op = Op::test;
    std::uint32_t first = 0;  ///< Index into `edges`, or into `tests`.
    std::uint32_t count = 0;  ///< Of edges.
    std::uint32_t need = 0;   ///< Of at_least.
  };

  std::vector<FieldPath> fields;
  std::vector<Test> tests;
  std::vector<Node> nodes;
  std::vector<std::uint32_t> edges;
  std::uint32_t root = 0;
};

}  // namespace sallyport::match
