#pragma once

#include "engine/base/time.hpp"
#include "engine/gate/by_name.hpp"
#include "engine/gate/rate.hpp"
#include "engine/gate/whitelist.hpp"
#include "engine/match/detection.hpp"
#include "engine/model/decision.hpp"
#include "engine/model/request.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a compiled policy is made of. Read by Policy::decide and by nobody else.
namespace sallyport::gate {

/// Stops everything, or what it names.
struct KillSwitch {
  bool all = false;
  std::vector<std::string> verbs;
  std::vector<std::string> connectors;
  std::string reason;

  [[nodiscard]] bool stops(std::string_view verb, std::string_view connector) const;
};

/// A `block` or a `force_auto`; which of both is said by the list it is in.
struct Override {
  std::optional<match::Detection> when;
  std::optional<match::Detection> unless;
  std::string reason;
  std::string text;       ///< `when` and `unless` as written, for people.
  bool of_value = false;  ///< They look at the target's value.

  [[nodiscard]] bool conditional() const { return when || unless; }

  [[nodiscard]] bool applies(const match::Record& record) const;

  /// False: it has conditions, which speak of single addresses (`target.value|cidr`), and the
  /// target is an `ip` that is none: a range that may hold what they except, or a spelling that
  /// they do not know. Or they look at a value that cannot be compared (Readings::open).
  [[nodiscard]] bool can_judge(const model::Target& target, bool open) const;
};

/// Targets that a block of the policy keeps from running by themselves.
struct HeldTargets {
  match::Detection block;
  /// The same without what it asks of the target's value; empty: it asks for nothing else.
  std::optional<match::Detection> besides;
  bool of_value = false;  ///< It looks at the target's value.
  std::string text;
  std::string reason{};

  /// Whether it may be meant for a target whose value cannot be compared.
  [[nodiscard]] bool may_mean(const match::Record& record) const {
    return of_value && (!besides || besides->matches(record));
  }
};

struct Freeze {
  Time from;
  Time to;  ///< At this very moment it is over.
  model::Tier tier = model::Tier::L0;
  std::string reason;
};

/// What a tenant says of one verb.
struct VerbTerms {
  std::vector<Override> blocks;
  std::vector<Override> forces;
  Rate limit;
  std::string limit_reason;         ///< Why it is limited, for people.
  std::vector<HeldTargets> closed;  ///< The targets for which its limit is 0.
  Whitelist whitelist;
};

struct Tenant {
  model::Tier tier = model::Tier::L0;
  std::string owner;
  std::optional<Time> review_by;  ///< At this very moment the review is overdue.
  KillSwitch kill;
  std::vector<HeldTargets> protected_targets;
  std::vector<Freeze> freezes;  ///< Lowest tier first.
  ByName<VerbTerms> verbs;
};

}  // namespace sallyport::gate
