#pragma once

#include "engine/base/json.hpp"

#include <string>
#include <string_view>

namespace sallyport::connectors::manifest {

// XML as JSON, both ways: an element is a map of its attributes (`@name`), its children by name and
// its text (`#text`); one that has text alone is that text; siblings of one name are a list.

/// Writes `tree`, a map with one root element. Errors: invalid_input (no single root, a name that
/// XML does not allow, a control character).
[[nodiscard]] Result<std::string> to_xml(const json::value& tree);

/// Reads a document without a type definition: what is declared there could expand without end.
/// Depth at most 64. Errors: invalid_input, with the byte offset.
[[nodiscard]] Result<json::value> from_xml(std::string_view text);

/// Whether XML allows it as the name of an element or (with `@` before it) an attribute.
[[nodiscard]] bool is_xml_name(std::string_view name);

}  // namespace sallyport::connectors::manifest
