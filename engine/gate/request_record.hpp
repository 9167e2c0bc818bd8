#pragma once

#include "engine/match/record.hpp"
#include "engine/model/request.hpp"

#include <array>
#include <string_view>

namespace sallyport::gate {

/// The fields of a request that a policy may speak of, besides everything below `parameters` and
/// `context`.
inline constexpr std::array<std::string_view, 9> request_fields{"tenant",
                                                                "action",
                                                                "target.kind",
                                                                "target.value",
                                                                "target.tags",
                                                                "confidence",
                                                                "requested_by.kind",
                                                                "requested_by.id",
                                                                "grounded"};

/// A request as the policy's detection blocks see it, without a tree being built for it.
///
/// Refers to the request and the value, which must outlive it.
class RequestRecord final : public match::Record {
 public:
  explicit RequestRecord(const model::ActionRequest& request)
      : RequestRecord{request, request.target.value} {}

  /// With another reading of the target's value.
  RequestRecord(const model::ActionRequest& request, std::string_view value)
      : request_{request}, value_{value} {}

  bool visit(const match::FieldPath& path, const Visitor& visitor) const override;
  void visit_all(const Visitor& visitor) const override;

 private:
  bool visit_target(const match::FieldPath& path, const Visitor& visitor) const;

  const model::ActionRequest& request_;
  std::string_view value_;
};

}  // namespace sallyport::gate
