#pragma once

#include "connectors/manifest/template.hpp"
#include "engine/base/json.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::connectors::manifest {

/// Makes a template of a text of the manifest that stands at `pointer`, and reports what is wrong
/// with it.
using MakeTemplate = std::function<Template(std::string_view text, std::string_view pointer)>;

/// The body of a request as the manifest writes it: JSON whose texts are templates. A text that is
/// one place becomes the value itself; a member or element whose place has no value is left out.
///
/// `{ $union: [list, item...] }` is the list with the items, each once; `{ $without: [list,
/// item...] }` the list without them: what a product needs that replaces a list as a whole.
///
/// Immutable.
class Tree {
 public:
  [[nodiscard]] static Tree compile(const json::value& value,
                                    std::string_view pointer,
                                    Faults& faults,
                                    const MakeTemplate& make);

  /// Empty where it is one place without a value. Errors: invalid_input (see Template).
  [[nodiscard]] Result<std::optional<json::value>> render(const json::value& facts) const;

 private:
  enum class Kind : std::uint8_t { literal, text, list, map, merged, without };

  [[nodiscard]] Result<json::value> render_set(const json::value& facts) const;

  Kind kind_ = Kind::literal;
  json::value literal_;
  Template text_;
  std::vector<std::pair<std::string, Tree>> children_;
};

}  // namespace sallyport::connectors::manifest
