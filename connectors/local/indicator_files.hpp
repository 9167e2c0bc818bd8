#pragma once

#include "connectors/local/indicators.hpp"
#include "engine/base/result.hpp"

#include <filesystem>
#include <vector>

namespace sallyport::connectors::local {

/// The extensions of files that are read as lists in a folder.
[[nodiscard]] std::vector<std::string> indicator_extensions();

/// Reads lists into one set. By extension:
///
///   .csv         columns indicator, kind, confidence, source, valid_until, disposition, subdomains
///                (all but the first may be missing)
///   .txt         one indicator a line; `#` and `;` begin a comment
///   .json        a STIX 2.1 bundle, or a list of objects with the columns of CSV
///
/// A `lists.yaml` beside them says of files what they do not say themselves (name, kind,
/// confidence, disposition bad or good, subdomains). confidence is 0 to 1, or, above 1, a
/// percentage.
///
/// Errors: not_found, unavailable, invalid_input, with file and line: nothing is read in part.
[[nodiscard]] Result<IndicatorSet> read_indicators(const std::vector<std::filesystem::path>& files);

}  // namespace sallyport::connectors::local
