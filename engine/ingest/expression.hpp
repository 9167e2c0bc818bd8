#pragma once

#include "engine/base/fault.hpp"
#include "engine/ingest/path.hpp"
#include "engine/match/detection.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sallyport::ingest {

/// A table of a mapping file: what a vendor writes (in lower case) and what we say for it.
using Table = std::map<std::string, std::string, std::less<>>;

/// What an expression of a mapping may refer to while it is compiled.
struct MappingContext {
  bool dotted_keys = false;
  std::map<std::string, Table, std::less<>> tables;
  std::vector<Path> parsed;  ///< Fields that hold JSON as text; number n is root n + 1.
  bool in_each = false;      ///< Paths are looked up in the element of an `each`.
};

/// How a value of the finding is had from a native alert, as schemas/alerts/README.md describes it:
/// a path, a list of which the first that is there counts, or a map with `from`, `const` or `text`
/// and then `when`, `transform`, `map`, `ranges`, `default`, `grounded`. Values are text; numbers
/// in their shortest form. Immutable once compiled; thread-safe.
class Expression {
 public:
  /// Every fault is appended with its pointer; what is returned is usable only without errors.
  [[nodiscard]] static Expression compile(const json::value& value,
                                          std::string_view pointer,
                                          const MappingContext& context,
                                          Faults& faults);

  /// Said nothing: a part of the mapping that is not there.
  [[nodiscard]] bool empty() const noexcept { return alternatives_.empty(); }

  /// The first value of the first alternative that has one that is not blank. `grounded` becomes
  /// false when the mapping says that an attacker can write there.
  [[nodiscard]] std::optional<std::string> first(Scope scope, bool* grounded = nullptr) const;

  /// Every value of the first alternative that has any.
  void values(Scope scope, std::vector<std::string>& into) const;

  /// Every value of every alternative.
  void all(Scope scope, std::vector<std::string>& into) const;

  /// The paths that are looked at, for saying what is missing.
  [[nodiscard]] std::string paths() const;

 private:
  enum class Transform : std::uint8_t {
    lower,
    upper,
    trim,
    basename,
    dirname,
    path,
    user_of,
    domain_of,
    strip_port,
    port_of,
    first_line,
    spaced,
    md5_of,
    sha1_of,
    sha256_of,
  };

  struct Range {
    double from = 0;
    std::string is;
  };

  struct Literal {
    std::string text;
  };

  struct Template {
    std::vector<std::variant<std::string, Path>> parts;
  };

  struct Alternative {
    std::variant<Literal, Path, Template, std::vector<Expression>> source;
    std::vector<Transform> transforms;
    std::optional<Table> table;
    std::vector<Range> ranges;  // the highest first
    std::optional<std::string> otherwise;
    std::optional<match::Detection> when;
    bool grounded = true;
  };

  friend struct ExpressionCompiler;

  static bool gather(const Alternative& alternative,
                     Scope scope,
                     bool only_first,
                     std::vector<std::string>& into);
  static std::optional<std::string> finished(const Alternative& alternative, std::string text);

  std::vector<Alternative> alternatives_;
};

/// Reads a map of scalars as a Table.
[[nodiscard]] Table read_table(const json::value& value, std::string_view pointer, Faults& faults);

/// A scalar as text; nothing for objects, lists and null.
[[nodiscard]] std::optional<std::string> scalar_text(const json::value& value);

}  // namespace sallyport::ingest
