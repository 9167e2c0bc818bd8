#pragma once

#include "engine/base/fault.hpp"
#include "engine/base/json.hpp"
#include "engine/base/time.hpp"
#include "engine/gate/terms.hpp"
#include "engine/gate/usage.hpp"
#include "engine/model/catalogue.hpp"
#include "engine/model/decision.hpp"
#include "engine/model/request.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::gate {

struct PolicyVersion {
  std::uint64_t version = 1;
  std::string hash;  ///< content_hash of the file's bytes.
};

/// What decide() found, without a word of text: it points into the policy, which must outlive it.
struct Judgement {
  model::Ruling ruling = model::Ruling::queued;
  model::Reason reason = model::Reason::unknown_action;
  model::BlastRadius radius = model::BlastRadius::UNKNOWN;
  model::Tier tier = model::Tier::L0;     ///< That holds now: an overdue review lowers it.
  model::Tier ceiling = model::Tier::L0;  ///< The same, freezes considered.
  bool overdue = false;                   ///< The review of the tenant's authority is.
  const Tenant* tenant = nullptr;         ///< nullptr: the policy does not name it.
  const KillSwitch* kill = nullptr;
  const Override* override_ = nullptr;
  const HeldTargets* protected_ = nullptr;
  const Freeze* freeze = nullptr;
  const VerbTerms* limited = nullptr;     ///< Whose limit is used up.
  const HeldTargets* closed = nullptr;    ///< Whose limit is 0.
  const WhitelistEntry* entry = nullptr;  ///< That fires, or whose rate is used up.
  Window window{};                        ///< Of what is used up.
};

/// What tier runs by itself without a whitelist: the table of tiers in README.md.
[[nodiscard]] bool runs_by_itself(model::Tier tier, model::BlastRadius radius);

/// A tenant whose tier is lowered because its review is overdue.
struct OverdueReview {
  std::string tenant;
  model::Tier granted = model::Tier::L0;
  Time review_by;
  std::string owner;
};

/// A policy file, compiled. An immutable snapshot; thread-safe.
class Policy {
 public:
  /// Compiles the tree of a policy file. nullptr when one of the faults is an error; probable
  /// mistakes that need no clock to be seen are warnings among them.
  [[nodiscard]] static std::shared_ptr<const Policy> compile(const json::value& document,
                                                             const model::Catalogue& catalogue,
                                                             PolicyVersion version,
                                                             Faults& faults);

  /// The one function that decides. Pure: no I/O, no clock, nothing changes, the same answer each
  /// time. The order of its questions is the order of model::Reason.
  [[nodiscard]] Judgement decide(const model::ActionRequest& request,
                                 Time now,
                                 const UsageView& usage,
                                 std::string_view connector = {}) const;

  /// The judgement as it is logged and served.
  [[nodiscard]] model::Decision explain(const Judgement& judgement,
                                        const model::ActionRequest& request) const;

  [[nodiscard]] const PolicyVersion& version() const noexcept { return version_; }

  /// The tier that holds for a tenant at `now`, overdue reviews considered, freezes not.
  [[nodiscard]] model::Tier tier(std::string_view tenant, Time now) const;

  /// Whether there could be a request for `verb` on that kind of target that runs by itself: a tier
  /// that runs it, a force_auto, or a whitelist entry at L4; and no limit of 0 for all of the kind.
  /// What holds back for a while only (kill switches, freezes) or a part of the kind is not asked.
  /// False for CRITICAL and unknown verbs.
  [[nodiscard]] bool could_run(std::string_view tenant,
                               std::string_view verb,
                               std::string_view target_kind,
                               Time now) const;

  /// The tenants whose tier the clock has lowered by `now`, sorted.
  [[nodiscard]] std::vector<OverdueReview> overdue_reviews(Time now) const;

  /// The tenants that the policy names, sorted.
  [[nodiscard]] std::vector<std::string> tenants() const;

 private:
  friend struct PolicyReader;
  Policy() = default;

  PolicyVersion version_;
  KillSwitch kill_;
  ByName<model::BlastRadius> radii_;
  ByName<Tenant> tenants_;
};

}  // namespace sallyport::gate
