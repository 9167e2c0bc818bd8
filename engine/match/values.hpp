#pragma once

#include "engine/base/fault.hpp"
#include "engine/match/detection.hpp"
#include "engine/match/modifiers.hpp"
#include "engine/match/program.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <string_view>

namespace sallyport::match {

/// Reads the values that stand behind a field into the form they are matched in. Reports every
/// fault it finds; what is faulty is left out.
class ValueReader {
 public:
  /// Both must outlive the reader.
  ValueReader(Faults& faults, const Placeholders& placeholders)
      : faults_{faults}, placeholders_{placeholders} {}

  /// Adds one scalar of the document to `values`.
  void add(const json::value& value,
           const Modifiers& modifiers,
           std::string_view pointer,
           Values& values);

  /// Adds one keyword: text looked for anywhere in a value.
  void add_keyword(const json::value& value, std::string_view pointer, Values& values);

  /// Once all values are there: many whole values become a set.
  static void finish(Values& values);

 private:
  void fault(std::string_view pointer, std::string message, bool warning = false);
  bool within_budget(std::string_view pointer);

  void add_text(std::string_view text,
                const Modifiers& modifiers,
                std::string_view pointer,
                Values& values);
  void add_glyphs(Glyphs glyphs,
                  const Modifiers& modifiers,
                  std::string_view pointer,
                  Values& values);
  void add_encoded(std::string_view bytes,
                   const Modifiers& modifiers,
                   std::string_view pointer,
                   Values& values);
  void add_network(std::string_view text, std::string_view pointer, Values& values);
  void add_bound(const json::value& value,
                 const Modifiers& modifiers,
                 std::string_view pointer,
                 Values& values);
  std::vector<std::string> expanded(std::string_view text, std::string_view pointer);

  Faults& faults_;
  const Placeholders& placeholders_;
  std::size_t values_read_ = 0;
  std::size_t regexes_ = 0;
};

}  // namespace sallyport::match
