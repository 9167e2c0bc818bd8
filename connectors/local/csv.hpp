#pragma once

#include "engine/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::connectors::local {

/// Reads CSV (RFC 4180) record by record: quoted fields may hold commas, line breaks and doubled
/// quotes; lines end with LF or CRLF; a byte order mark is skipped. Beyond the RFC: blank lines and
/// lines that begin with `#` are skipped. The text outlives the reader.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text);

  /// Reads the next record into `fields`; false at the end. Errors: invalid_input (a quote that is
  /// not closed, text after a closing quote); the detail says what is wrong, line() where.
  [[nodiscard]] Result<bool> next(std::vector<std::string>& fields);

  /// The 1-based line on which the last record began.
  [[nodiscard]] std::size_t line() const noexcept { return record_line_; }

 private:
  [[nodiscard]] Result<std::string> field();
  [[nodiscard]] Result<std::string> quoted();
  void skip_empty();

  std::string_view rest_;
  std::size_t line_ = 1;
  std::size_t record_line_ = 1;
};

}  // namespace sallyport::connectors::local
