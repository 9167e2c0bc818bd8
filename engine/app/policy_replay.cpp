#include "engine/app/policy_replay.hpp"

#include "engine/app/recorded_decision.hpp"
#include "engine/app/recorded_uses.hpp"

#include <deque>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace sallyport::app {

namespace {

using model::EntryKind;
using model::Ruling;

/// What a decision may have been counted against lies at most so far back.
constexpr std::chrono::hours longest_window{24};

Result<std::vector<std::string>> asked_tenants(Records& records, const ReplayWindow& window) {
  if (!window.tenant.empty()) return std::vector{window.tenant};
  return records.tenants();
}

std::optional<Time> warmed_up(const ReplayWindow& window) {
  if (!window.from) return std::nullopt;
  return *window.from - longest_window;
}

bool same(const model::Decision& a, const model::Decision& b) {
  return std::tie(a.decision, a.reason, a.rule, a.tier, a.blast_radius) ==
         std::tie(b.decision, b.reason, b.rule, b.tier, b.blast_radius);
}

/// Checks one tenant's decisions, each when all that may have been counted before it is known.
class Checking {
 public:
  Checking(Records& records,
           const model::Catalogue& catalogue,
           const ReplayWindow& window,
           std::string tenant,
           Verification& found)
      : records_{records},
        catalogue_{catalogue},
        window_{window},
        tenant_{std::move(tenant)},
        found_{found} {}

  Result<> run() {
    Result<> outcome;
    const auto read = records_.entries(tenant_,
                                       {EntryKind::decided},
                                       warmed_up(window_),
                                       window_.to,
                                       [&](const model::LedgerEntry& entry) {
                                         auto decision = recorded_decision(entry);
                                         if (!decision) {
                                           outcome = std::unexpected{decision.error()};
                                           return false;
                                         }
                                         outcome = take(*std::move(decision));
                                         return outcome.has_value();
                                       });
    if (!read) return read;
    while (outcome && !waiting_.empty()) outcome = check_next();
    return outcome;
  }

 private:
  Result<> take(RecordedDecision decision) {
    const auto now = decision.at;
    uses_.add(decision);
    waiting_.push_back(std::move(decision));
    while (waiting_.front().at + RecordedUses::closeness < now) {
      const auto checked = check_next();
      if (!checked) return checked;
    }
    return {};
  }

  Result<> check_next() {
    const auto recorded = std::move(waiting_.front());
    waiting_.pop_front();
    if (recorded.asking == Asking::first) {
      permits_.emplace_back(recorded.subject, Permit{recorded.at, recorded.seq});
      by_subject_[recorded.subject] = permits_.back().second;
      while (permits_.front().second.at + std::chrono::hours{48} < recorded.at) {
        by_subject_.erase(permits_.front().first);
        permits_.pop_front();
      }
    }
    if (window_.from && recorded.at < *window_.from) return {};
    ++found_.decisions;
    const auto policy = policy_of(recorded.decision.policy_version);
    if (!policy) return std::unexpected{policy.error()};
    if (!*policy) {
      differ(recorded, std::nullopt, "its version of the policy is not there or not usable");
    } else if ((*policy)->version().hash != recorded.decision.policy_hash) {
      differ(recorded, std::nullopt, "its version of the policy has another hash");
    } else if (const auto other = decide(**policy, recorded)) {
      differ(recorded, other, "");
    }
    return {};
  }

  /// What comes out instead; nothing when it is what was recorded.
  [[nodiscard]] std::optional<model::Decision> decide(const gate::Policy& policy,
                                                      const RecordedDecision& recorded) const {
    using enum RecordedUses::Close;
    const auto ask = [&](Time moment, std::uint64_t seq, RecordedUses::Close close) {
      const RecordedUses::View uses{uses_, moment, seq, close};
      const auto judgement = policy.decide(recorded.request, recorded.at, uses, recorded.connector);
      return policy.explain(judgement, recorded.request);
    };
    auto replayed = ask(recorded.at, recorded.seq, as_recorded);
    if (same(replayed, recorded.decision)) return std::nullopt;
    for (const auto close : {none, all})
      if (same(ask(recorded.at, recorded.seq, close), recorded.decision)) return std::nullopt;
    // Before sending a permit is asked about with the place that it was given.
    const auto permit = by_subject_.find(recorded.subject);
    if (recorded.asking == Asking::again && permit != by_subject_.end()) {
      for (const auto close : {as_recorded, none, all})
        if (same(ask(permit->second.at, permit->second.seq, close), recorded.decision))
          return std::nullopt;
    }
    return replayed;
  }

  void differ(const RecordedDecision& recorded,
              std::optional<model::Decision> replayed,
              std::string why) {
    ++found_.different;
    if (found_.first) return;
    found_.first = Difference{.tenant = tenant_,
                              .seq = recorded.seq,
                              .at = recorded.at,
                              .subject = recorded.subject,
                              .recorded = recorded.decision,
                              .replayed = std::move(replayed),
                              .why = std::move(why)};
  }

  /// nullptr: there is none that can be used.
  Result<std::shared_ptr<const gate::Policy>> policy_of(std::uint64_t version) {
    if (const auto known = policies_.find(version); known != policies_.end()) return known->second;
    auto text = records_.policy(version);
    if (!text && text.error().code != Errc::not_found) return std::unexpected{text.error()};
    std::shared_ptr<const gate::Policy> policy;
    Faults faults;
    if (text)
      policy = gate::Policy::compile(
          text->document, catalogue_, {.version = version, .hash = text->hash}, faults);
    policies_[version] = policy;
    return policy;
  }

  struct Permit {
    Time at;
    std::uint64_t seq = 0;
  };

  Records& records_;
  const model::Catalogue& catalogue_;
  const ReplayWindow& window_;
  std::string tenant_;
  Verification& found_;
  RecordedUses uses_;
  std::deque<RecordedDecision> waiting_;
  std::deque<std::pair<std::string, Permit>> permits_;
  std::unordered_map<std::string, Permit> by_subject_;
  std::map<std::uint64_t, std::shared_ptr<const gate::Policy>> policies_;
};

/// What became of an action, by what people did.
struct Fate {
  bool approved = false;
  bool changed = false;  ///< Before it was approved: as it was asked, it was not right.
  bool denied = false;
  bool rolled_back = false;
};

using Fates = std::unordered_map<std::string, Fate>;

/// Also what was done after the window ended: the judgement counts, not its hour.
Result<Fates> fates_of(Records& records, const std::string& tenant, const ReplayWindow& window) {
  Fates fates;
  const auto read = records.entries(
      tenant,
      {EntryKind::approved, EntryKind::denied, EntryKind::rolled_back, EntryKind::rollback_failed},
      window.from,
      std::nullopt,
      [&](const model::LedgerEntry& entry) {
        auto& fate = fates[entry.subject];
        if (entry.kind == EntryKind::approved) {
          fate.approved = true;
          fate.changed = entry.body.contains("changed");
        } else if (entry.kind == EntryKind::denied) {
          fate.denied = true;
        } else {
          fate.rolled_back = true;  // somebody wanted it undone
        }
        return true;
      });
  if (!read) return std::unexpected{read.error()};
  return fates;
}

void count(RulingCounts& counts, Ruling ruling) {
  switch (ruling) {
    case Ruling::auto_:
      ++counts.auto_;
      break;
    case Ruling::queued:
      ++counts.queued;
      break;
    case Ruling::blocked:
      ++counts.blocked;
      break;
  }
}

void compare(ReplayRow& row, Ruling recorded, Ruling replayed, const Fate& fate) {
  ++row.requests;
  count(row.recorded, recorded);
  count(row.replayed, replayed);
  if (recorded == replayed) return;
  if (recorded == Ruling::auto_ && fate.rolled_back) ++row.mistakes_held_back;
  if (replayed == Ruling::queued) ++row.newly_queued;
  if (replayed == Ruling::blocked) ++row.newly_blocked;
  if (replayed != Ruling::auto_) return;
  ++row.newly_auto;
  if (!fate.approved && !fate.denied) return;
  ++row.judged;
  if (fate.approved && !fate.changed && !fate.rolled_back) ++row.would_be_right;
}

}  // namespace

Result<Verification> verify_decisions(Records& records,
                                      const model::Catalogue& catalogue,
                                      const ReplayWindow& window) {
  const auto tenants = asked_tenants(records, window);
  if (!tenants) return std::unexpected{tenants.error()};
  Verification found;
  for (const auto& tenant : *tenants) {
    const auto checked = Checking{records, catalogue, window, tenant, found}.run();
    if (!checked) return std::unexpected{checked.error()};
  }
  return found;
}

Result<std::vector<ReplayRow>> replay_under(Records& records,
                                            const gate::Policy& policy,
                                            const ReplayWindow& window) {
  const auto tenants = asked_tenants(records, window);
  if (!tenants) return std::unexpected{tenants.error()};
  std::vector<ReplayRow> rows;
  for (const auto& tenant : *tenants) {
    const auto fates = fates_of(records, tenant, window);
    if (!fates) return std::unexpected{fates.error()};
    gate::Usage usage;
    std::map<std::pair<std::string, std::string>, ReplayRow> by_deed;
    std::optional<Error> broken;
    const auto decide = [&](const model::LedgerEntry& entry) {
      const auto recorded = recorded_decision(entry);
      if (!recorded) {
        broken = recorded.error();
        return false;
      }
      // Each request once, as it was first asked; what joined another would have joined it too.
      if (recorded->asking == Asking::again || recorded->asking == Asking::joined) return true;
      const auto& request = recorded->request;
      const auto judgement = policy.decide(request, recorded->at, usage, recorded->connector);
      if (judgement.ruling == Ruling::auto_ && recorded->asking == Asking::first) {
        const bool listed = judgement.reason == model::Reason::whitelist;
        usage.add({.tenant = request.tenant,
                   .verb = request.action,
                   .entry = listed ? judgement.entry->id : "",
                   .at = recorded->at});
      }
      if (window.from && recorded->at < *window.from) return true;
      auto& row = by_deed[{request.action, request.target.kind}];
      row.tenant = tenant;
      row.action = request.action;
      row.target_kind = request.target.kind;
      const auto fate = fates->find(recorded->subject);
      compare(row,
              recorded->decision.decision,
              judgement.ruling,
              fate == fates->end() ? Fate{} : fate->second);
      return true;
    };
    const auto read =
        records.entries(tenant, {EntryKind::decided}, warmed_up(window), window.to, decide);
    if (!read) return std::unexpected{read.error()};
    if (broken) return std::unexpected{*broken};
    for (auto& [deed, row] : by_deed) {
      if (row.judged > 0)
        row.right_share = static_cast<double>(row.would_be_right) / static_cast<double>(row.judged);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace sallyport::app
