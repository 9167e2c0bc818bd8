#pragma once

#include "engine/base/json.hpp"
#include "engine/model/request.hpp"
#include "engine/store/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::audit {

/// From `from` on, and before `to`.
struct Window {
  Time from;
  Time to;
};

BOOST_DESCRIBE_STRUCT(Window, (), (from, to))

/// A version of the policy as Table::policy keeps it.
struct KeptPolicy {
  std::uint64_t version = 0;
  std::string hash;
  Time adopted_at;
  model::Actor by;
  std::string reason;
  std::string text;
};

BOOST_DESCRIBE_STRUCT(KeptPolicy, (), (version, hash, adopted_at, by, reason, text))

/// A limit of 0, of all of a verb or of kinds of target.
struct ClosedLimit {
  std::vector<std::string> target_kinds;  ///< Empty: all.
  std::string reason;

  [[nodiscard]] bool reaches(std::string_view target_kind) const;
};

/// Those in what a policy says of the limits of one verb: one, or a list of them. One that speaks
/// of a part of a kind is none.
[[nodiscard]] std::vector<ClosedLimit> closed_limits(const json::value& limits);

/// One difference between two policies that followed each other, in what they say of a tenant.
struct PolicyChange {
  Time at;
  std::string tenant;
  std::uint64_t version = 0;
  model::Actor by;
  std::string reason;
  std::string item;    ///< The verb, the entry's id, or the entry itself.
  std::string change;  ///< in_force (as the window begins), added, removed, changed
  json::value before;
  json::value after;
};

BOOST_DESCRIBE_STRUCT(PolicyChange,
                      (),
                      (at, tenant, version, by, reason, item, change, before, after))

/// Every policy that was ever in force, oldest first. Immutable; thread-safe.
class PolicyHistory {
 public:
  struct Version {
    KeptPolicy kept;
    json::object document;
  };

  struct InForce {
    const Version* version = nullptr;  ///< nullptr: there was no policy yet.
    Window during;
  };

  /// Errors: corrupt, unavailable.
  [[nodiscard]] static Result<PolicyHistory> load(const store::Store& store);

  /// Errors: corrupt (a text that is no document).
  [[nodiscard]] static Result<PolicyHistory> of(std::vector<KeptPolicy> versions);

  /// What was in force when, without a gap; empty for an empty window.
  [[nodiscard]] std::vector<InForce> in_force(Window window) const;

  /// What changed in one section (`tier`, `overrides`, ...) of a tenant's policy, beginning with
  /// what was in force as the window began. With an empty tenant: of the document's own section.
  [[nodiscard]] std::vector<PolicyChange> changes(std::string_view tenant,
                                                  std::string_view section,
                                                  Window window) const;

  /// What a version says of a tenant; nullptr where it does not name it.
  [[nodiscard]] static const json::object* tenant_in(const Version& version,
                                                     std::string_view tenant);

  /// Whether a verb's limit is 0 for a kind of target in what a policy says of a tenant (nullptr:
  /// nothing), which is how it is kept in the queue; then the reason that stands beside it.
  [[nodiscard]] static std::optional<std::string> closed_limit(const json::object* tenant,
                                                               std::string_view verb,
                                                               std::string_view target_kind);

 private:
  std::vector<Version> versions_;
};

}  // namespace sallyport::audit
