#pragma once

#include "engine/base/fault.hpp"
#include "engine/match/record.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::match {

struct Program;

/// What `|expand` puts in the place of `%name%`: each of the values in turn. Values may hold
/// wildcards.
using Placeholders = std::map<std::string, std::vector<std::string>, std::less<>>;

/// A compiled Sigma detection (specification 2.1.0): a question that a record answers yes or no.
///
/// Total: matching always ends, in time linear in the record for each value of the detection, and
/// runs no code. A field that is not there matches nothing except `null` and `exists: false`; with
/// `neq` it matches nothing either. Text compares without case unless `cased`: ASCII, Latin, Greek,
/// Cyrillic, Armenian and full-width letters fold to their lower case one to one, every other
/// character is compared exactly. `re` is RE2, unanchored, with case unless `|i`. A number equals
/// its text (10 and "10"); 64-bit integers are compared exactly. Keywords are looked for inside
/// every value of the record.
///
/// Thread-safe: immutable. Cheap to copy: copies share one program.
class Detection {
 public:
  /// Compiles a `detection:` map with its `condition`, or a bare block: a map (fields AND-ed), or a
  /// list of maps or keywords (OR). Nothing is returned when one of the faults is an error;
  /// `pointer` is where `block` stands in its document.
  [[nodiscard]] static std::optional<Detection> compile(const json::value& block,
                                                        Faults& faults,
                                                        std::string_view pointer = "",
                                                        const Placeholders& placeholders = {});

  [[nodiscard]] bool matches(const Record& record) const;

  /// The fields it asks for, each once, in the order of the document.
  [[nodiscard]] const std::vector<FieldPath>& fields() const noexcept;

  /// Copies of each other are equal: they share one program.
  friend bool operator==(const Detection&, const Detection&) = default;

 private:
  explicit Detection(std::shared_ptr<const Program> program) : program_{std::move(program)} {}

  friend class Ruleset;
  std::shared_ptr<const Program> program_;
};

}  // namespace sallyport::match
