#pragma once

#include "engine/match/record.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace sallyport::investigate {

/// JSON text as a reader sees it: escapes are resolved, control characters are spaces, and
/// characters that are not seen (zero width, direction marks) are left out.
[[nodiscard]] std::string readable_text(std::string_view json_text);

/// An OCSF finding as a record, without copying it. A name is looked up at the top level as it is
/// written, then as a dotted path; a list on the way stands for each of its elements.
///
/// A search of all fields sees one text: the original alert (`raw_data`) as a reader would see it,
/// or all texts of a finding that has none. Refers to the finding, which must outlive it. Not
/// thread-safe.
class FindingRecord final : public match::Record {
 public:
  explicit FindingRecord(const boost::json::object& finding) : finding_{finding} {}

  bool visit(const match::FieldPath& path, const Visitor& visitor) const override;
  void visit_all(const Visitor& visitor) const override;

 private:
  const boost::json::object& finding_;
  mutable std::optional<std::string> text_;
};

}  // namespace sallyport::investigate
