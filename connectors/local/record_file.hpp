#pragma once

#include "engine/base/json.hpp"
#include "engine/base/result.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::local {

/// One row of a file: column -> text. Columns are in lower case; lists of a JSON file are joined
/// with ';'; what is empty or null is absent.
struct Record {
  std::map<std::string, std::string, std::less<>> fields;
  std::string place;  ///< `file:line` (CSV) or `file: /pointer` (JSON): where to point at.

  /// Empty when absent.
  [[nodiscard]] std::string_view operator[](std::string_view column) const;
};

/// Visits the rows of a CSV file (with a header) or a JSON file (a list of objects, or one object
/// that holds a single list). `visit` returns why a row cannot be used.
///
/// Errors: not_found, unavailable, invalid_input; the detail names the place.
[[nodiscard]] Result<> read_records(const std::filesystem::path& file,
                                    const std::vector<std::string>& one_of_these_columns,
                                    const std::function<Result<>(const Record&)>& visit);

/// JSON as it stands in a file. Errors: invalid_input, with file and line.
[[nodiscard]] Result<json::value> parse_json_file(const std::filesystem::path& file,
                                                  std::string_view text);

/// The parts of a list in one field, separated by ';', '|' or white space.
[[nodiscard]] std::vector<std::string> parts_of(std::string_view field);

/// true, yes, 1 and false, no, 0, in any case. Errors: invalid_input.
[[nodiscard]] Result<bool> boolean(std::string_view text);

[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace sallyport::connectors::local
