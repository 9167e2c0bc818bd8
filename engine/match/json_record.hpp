#pragma once

#include "engine/match/record.hpp"

#include <boost/json/value.hpp>

namespace sallyport::match {

/// JSON as a record. A name is looked up at the top level as it is written (also when it has dots
/// in it), then as a dotted path; a list on the way stands for each of its elements.
///
/// Refers to the value, which must outlive it.
class JsonRecord : public Record {
 public:
  explicit JsonRecord(const json::value& root) : root_{root} {}

  bool visit(const FieldPath& path, const Visitor& visitor) const override;
  void visit_all(const Visitor& visitor) const override;

 private:
  const json::value& root_;
};

/// Visits `value`: itself when it is a scalar, the scalars among its elements (and in lists of
/// theirs) when it is a list. False: the visitor wants no more.
bool visit_scalars(const json::value& value, const Visitor& visitor);

}  // namespace sallyport::match
