#pragma once

#include "engine/base/json.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sallyport::app {

/// A place where two documents are not the same.
struct DocumentDifference {
  std::string path;                     ///< JSON pointer.
  std::optional<json::value> recorded;  ///< Empty: it is not there.
  std::optional<json::value> replayed;
};

/// The places where `recorded` and `replayed` differ, in the order of `recorded`, at most `most`.
/// An element of a list is compared with the one at its place.
[[nodiscard]] std::vector<DocumentDifference> differences(const json::value& recorded,
                                                          const json::value& replayed,
                                                          std::size_t most);

BOOST_DESCRIBE_STRUCT(DocumentDifference, (), (path, recorded, replayed))

}  // namespace sallyport::app
