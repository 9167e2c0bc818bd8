#pragma once

#include "connectors/manifest/plan.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::manifest {

/// Which values a part of a manifest may speak of, and whether each may stand inside other text.
struct Scope {
  struct Value {
    bool closed = false;
    bool always = false;  ///< Never without a value.
  };

  /// By path up to its second part: `parameters.reason`, `state.aid`, `target.value`.
  std::map<std::string, Value, std::less<>> values;
  /// First parts whose second part is the product's: `body`, `header`.
  std::set<std::string, std::less<>> open_roots;

  /// The value that `path` names, by its first two parts.
  [[nodiscard]] const Value* find(std::string_view path) const;

  /// What is wrong with `path`, and what was probably meant; empty: nothing.
  [[nodiscard]] std::string fault_of(std::string_view path) const;
};

/// Compiles pieces of a manifest within a scope, and says what is wrong with them.
class PieceCompiler {
 public:
  PieceCompiler(Faults& faults, const Scope& scope) : faults_{faults}, scope_{scope} {}

  /// Where a template stands: what its encoder makes harmless.
  enum class Place : std::uint8_t {
    value,   ///< The whole of a value that is encoded; parts of it must be closed.
    syntax,  ///< A path segment or a header: every value must be closed, and there.
  };

  Template text(std::string_view text, std::string_view pointer, Place place);
  NamedTemplates named(const json::object& map, std::string_view pointer, Place place);
  /// A question over this scope; with `of_answer` also over status, header, body and text.
  Question question(const json::value& block, std::string_view pointer, bool of_answer);
  RequestPlan request(const RequestSpec& spec,
                      const std::map<std::string, EndpointSpec>& endpoints,
                      std::string_view pointer);
  StepPlan step(const StepSpec& spec,
                const std::map<std::string, EndpointSpec>& endpoints,
                std::string_view pointer);
  std::vector<ErrorPlan> errors(const std::vector<ErrorRule>& rules, std::string_view pointer);
  PickPlan pick(const std::string& name, const json::value& spec, std::string_view pointer);

  void wrong(std::string_view pointer, std::string message) {
    faults_.push_back({.pointer = std::string{pointer}, .message = std::move(message)});
  }

  /// Every path that a template of this compiler named.
  [[nodiscard]] const std::set<std::string, std::less<>>& used() const noexcept { return used_; }

 private:
  void check_numbered(const NumberedSpec& spec, std::string_view pointer);
  void body(const RequestSpec& spec, RequestPlan& plan, std::string_view pointer);
  [[nodiscard]] MakeTemplate maker();

  Faults& faults_;
  const Scope& scope_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace sallyport::connectors::manifest
