#pragma once

#include "engine/base/fault.hpp"
#include "engine/match/condition.hpp"
#include "engine/match/detection.hpp"
#include "engine/match/program.hpp"
#include "engine/match/values.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::match {

/// Makes a program of one detection block. Used once.
class Compiler {
 public:
  Compiler(Faults& faults, const Placeholders& placeholders)
      : faults_{faults}, values_{faults, placeholders} {}

  /// The program is usable when no error was reported.
  Program compile(const json::value& block, std::string_view pointer);

 private:
  using Node = Program::Node;

  std::uint32_t full_detection(const json::object& map, std::string_view pointer);
  std::uint32_t block(const json::value& value, std::string_view pointer);
  std::uint32_t list(const json::array& items, std::string_view pointer);
  std::uint32_t map(const json::object& items, std::string_view pointer);
  std::uint32_t item(std::string_view key, const json::value& value, std::string_view pointer);
  std::uint32_t value_test(std::uint32_t field,
                           const Modifiers& modifiers,
                           const json::value& value,
                           std::string_view pointer);
  std::uint32_t reference_test(std::uint32_t field,
                               const Modifiers& modifiers,
                               const json::value& value,
                               std::string_view pointer);
  std::uint32_t exists_test(std::uint32_t field,
                            const json::value& value,
                            std::string_view pointer);
  std::uint32_t condition(const json::value& value, std::string_view pointer);
  std::uint32_t condition(const Condition& condition, std::string_view pointer);
  std::uint32_t identifier(std::string_view name, std::string_view pointer);
  std::uint32_t quantified(const Condition& condition, std::string_view pointer);
  void warn_of_unused(std::string_view pointer);

  std::uint32_t field(std::string_view name);
  std::uint32_t test(Test test);
  std::uint32_t group(Node::Op op, std::vector<std::uint32_t> children, std::uint32_t need = 0);
  [[nodiscard]] unsigned cost(const Test& test) const;
  std::uint32_t fault(std::string_view pointer, std::string message, bool warning = false);

  Faults& faults_;
  ValueReader values_;
  Program program_;
  std::vector<unsigned> costs_;  ///< Of each node: the cheap ones are asked first.
  std::map<std::string, std::uint32_t, std::less<>> field_numbers_;
  std::map<std::string, std::uint32_t, std::less<>> identifiers_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace sallyport::match
