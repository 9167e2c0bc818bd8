#pragma once

#include "engine/base/fault.hpp"
#include "engine/base/json.hpp"
#include "engine/base/result.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::config {

/// Bounds of a file that a person wrote; past them it is refused, whatever it says.
struct DocumentLimits {
  std::size_t bytes = 64ULL << 20U;
  std::size_t depth = 64;
  std::size_t nodes = 5'000'000;  ///< Also ends files whose aliases expand without end.
};

/// A YAML (or JSON) file as a tree that knows where each node stands.
///
/// Plain scalars have YAML 1.2 core types (true, 12, 1.5, null); quoted ones are text. Keys are
/// text. Duplicate keys are an error. Order is kept. Immutable; thread-safe.
class Document {
 public:
  /// Errors: not_found, invalid_input; the detail reads `file:line:column: what is wrong`.
  [[nodiscard]] static Result<Document> load(const std::filesystem::path& file,
                                             DocumentLimits limits = {});
  [[nodiscard]] static Result<Document> parse(std::string_view text,
                                              std::string name,
                                              DocumentLimits limits = {});

  /// A file of several documents (`---`).
  [[nodiscard]] static Result<std::vector<Document>> load_all(const std::filesystem::path& file,
                                                              DocumentLimits limits = {});

  [[nodiscard]] const json::value& root() const noexcept { return root_; }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// 1-based line of the node at a JSON pointer, or of its nearest ancestor that exists.
  [[nodiscard]] int line(std::string_view pointer) const;
  [[nodiscard]] int column(std::string_view pointer) const;  ///< The same, in bytes of its line.

  /// `file:line:column: error: /pointer: message` (or `warning:`), the form editors jump to.
  [[nodiscard]] std::string render(const Fault& fault) const;
  [[nodiscard]] std::string render(const Faults& faults) const;  ///< One a line.

 private:
  struct Position {
    int line = 1;
    int column = 1;
  };
  friend struct DocumentReader;

  [[nodiscard]] Position position(std::string_view pointer) const;

  std::string name_;
  json::value root_;
  std::map<std::string, Position, std::less<>> positions_;
};

/// Reads `document` into a described struct. Errors: invalid_input, with every fault rendered, one
/// a line.
template <class T>
[[nodiscard]] Result<T> read(const Document& document) {
  T result{};
  Faults faults;
  read_json(document.root(), result, faults);
  if (has_errors(faults)) return fail(Errc::invalid_input, document.render(faults));
  return result;
}

/// The directory that holds `schemas/`, `config/` and `playbooks/`: $SALLYPORT_HOME, else the
/// nearest parent of the binary that has a `schemas` folder, else /usr/share/sallyport. Errors:
/// not_found, with what to do.
[[nodiscard]] Result<std::filesystem::path> home();

}  // namespace sallyport::config
