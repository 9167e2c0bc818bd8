#include "engine/audit/readiness.hpp"

#include "engine/audit/entry_facts.hpp"
#include "engine/audit/reviews.hpp"
#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace sallyport::audit {

namespace {

using enum model::EntryKind;

double confidence_of(const model::LedgerEntry& entry) {
  const auto* request = entry.body.if_contains("request");
  const auto* object = request ? request->if_object() : nullptr;
  const auto* confidence = object ? object->if_contains("confidence") : nullptr;
  return confidence && confidence->is_number() ? confidence->to_number<double>() : 0;
}

/// The nearest rank. `values` not empty.
double quantile(std::vector<double> values, double part) {
  std::ranges::sort(values);
  const auto rank = std::ceil(part * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

/// The record's own bound on confidence goes into the policy: nothing less sure was ever approved.
std::string snippet(const Readiness& row, const ActionRecord& record) {
  const auto confidence = std::floor(record.lowest_confidence * 100) / 100;
  return fmt::format(
      "tenants:\n  {}:\n    overrides:\n      {}:\n        force_auto: true\n        when: {{ "
      "target.kind: {}, confidence|gte: {:.2f} }}\n",
      to_json(row.tenant),
      row.verb,
      to_json(row.target_kind),
      confidence);
}

}  // namespace

double wilson_low(std::uint64_t good, std::uint64_t of) {
  constexpr double z = 1.959963984540054;
  const auto n = static_cast<double>(of);
  const auto p = static_cast<double>(good) / n;
  const auto middle = p + z * z / (2 * n);
  const auto spread = z * std::sqrt((p * (1 - p) + z * z / (4 * n)) / n);
  return std::max(0.0, (middle - spread) / (1 + z * z / n));
}

void ReadinessCount::add(const model::LedgerEntry& entry) {
  if (entry.kind == model::EntryKind::reviewed) {
    if (entry.actor.kind != "analyst") return;  // a program reads nothing
    Window window;
    Faults faults;
    read_json(json::value(entry.body), window, faults, "", UnknownKeys::ignored);
    if (faults.empty()) reviews_.push_back(window);
    return;
  }
  if (entry.kind == decided) {
    const auto facts = facts_of(entry);
    if (facts.verb.empty()) return;
    const auto again = facts.action.empty() ? actions_.end() : actions_.find(facts.action);
    if (again != actions_.end()) {
      // Decided anew, at approval or at execution; only back in the queue is news.
      if (facts.decision == "queued" && !again->second.queued_at)
        again->second.queued_at = entry.at;
      return;
    }
    const Class of{facts.verb, facts.target_kind};
    auto& record = records_[of];
    ++record.decisions;
    if (!record.first) record.first = entry.at;
    if (facts.decision == "auto") ++record.by_itself;
    if (facts.decision == "queued") ++record.queued;
    if (facts.decision == "blocked") ++record.blocked;
    if (facts.action.empty()) return;
    Known known{.of = of, .confidence = confidence_of(entry)};
    if (facts.decision == "queued") known.queued_at = entry.at;
    actions_.emplace(facts.action, std::move(known));
    return;
  }
  const auto found = actions_.find(entry.subject);
  if (found == actions_.end()) return;
  auto& action = found->second;
  auto& record = records_[action.of];
  if (entry.kind == approved || entry.kind == denied) {
    ++(entry.kind == approved ? record.approved : record.denied);
    if (action.queued_at) {
      const std::chrono::duration<double> waited = entry.at - *action.queued_at;
      record.seconds_in_queue.push_back(waited.count());
    }
    if (entry.kind == approved) {
      action.approved = true;
      action.changed = entry.body.contains("changed");
      if (action.changed) ++record.changed;
      record.lowest_confidence = std::min(record.lowest_confidence, action.confidence);
    }
  }
  if (entry.kind == expired) ++record.expired;
  if (entry.kind == verified) ++record.verified;
  if (entry.kind == rollback_failed) ++record.rollback_failed;
  if (entry.kind == rolled_back) {
    ++record.rolled_back;
    if (!action.approved) ++record.overturned;
    if (action.approved && !action.changed) ++record.approved_and_rolled_back;
  }
}

Readiness assess(std::string_view tenant,
                 const ReadinessCount::Class& of,
                 const ActionRecord& record,
                 const model::Catalogue& catalogue,
                 std::vector<std::string> people_owe,
                 const ReadinessBar& bar) {
  Readiness row{.tenant = std::string{tenant},
                .verb = of.first,
                .target_kind = of.second,
                .blast_radius = catalogue.blast_radius(of.first),
                .decisions = record.decisions,
                .by_itself = record.by_itself,
                .queued = record.queued,
                .blocked = record.blocked,
                .approved = record.approved,
                .denied = record.denied,
                .expired = record.expired,
                .verified = record.verified,
                .rolled_back = record.rolled_back,
                .rollback_failed = record.rollback_failed};
  if (record.by_itself > 0) {
    row.overturned = record.overturned;
  } else {
    row.not_measured.emplace_back("overturned");
  }
  const auto answers = record.approved + record.denied;
  if (answers > 0) {
    row.changed = record.changed;
    const auto good = record.approved - record.changed - record.approved_and_rolled_back;
    row.agreement = static_cast<double>(good) / static_cast<double>(answers);
    row.agreement_low = wilson_low(good, answers);
  } else {
    row.not_measured.emplace_back("changed");
    row.not_measured.emplace_back("agreement");
  }
  if (record.seconds_in_queue.empty()) {
    row.not_measured.emplace_back("time in queue");
  } else {
    row.queue_median_s = quantile(record.seconds_in_queue, 0.5);
    row.queue_p90_s = quantile(record.seconds_in_queue, 0.9);
  }

  const auto* verb = catalogue.find(of.first);
  if (!verb || verb->blast_radius == model::BlastRadius::CRITICAL ||
      verb->blast_radius == model::BlastRadius::UNKNOWN) {
    row.missing.push_back(
        fmt::format("{} never runs by itself", verb ? "a CRITICAL verb" : "an unknown verb"));
    return row;
  }
  if (answers < bar.answers)
    row.missing.push_back(fmt::format("samples: {} of {} answers of people", answers, bar.answers));
  if (!row.agreement_low) {
    row.missing.emplace_back("agreement: not measured");
  } else if (*row.agreement_low < bar.agreement_low) {
    row.missing.push_back(fmt::format("agreement: at least {:.3f} (95 %), {:.3f} is asked",
                                      *row.agreement_low,
                                      bar.agreement_low));
  }
  if (!verb->reversed_by.empty()) {
    if (record.rolled_back == 0)
      row.missing.emplace_back("tested rollback: none has been rolled back, not even for a test");
    if (record.rollback_failed > 0)
      row.missing.push_back(fmt::format("rollback: {} failed", record.rollback_failed));
  }
  std::ranges::move(people_owe, std::back_inserter(row.missing));
  row.ready = row.missing.empty();
  if (row.ready) row.promote_with = snippet(row, record);
  return row;
}

namespace {

/// The shortest window: what is in force.
Window at_once(Time now) {
  return {.from = now, .to = now + std::chrono::microseconds{1}};
}

/// What the policy in force says of a tenant; nullptr: nothing.
const json::object* terms_of(const PolicyHistory& history, std::string_view tenant, Time now) {
  const auto in_force = history.in_force(at_once(now));
  if (in_force.empty() || !in_force.back().version) return nullptr;
  return PolicyHistory::tenant_in(*in_force.back().version, tenant);
}

/// Whether the policy names a review of its authority that is yet to come.
bool is_in_review(const json::object* terms, Time now) {
  const auto* authority = terms ? terms->if_contains("authority") : nullptr;
  const auto* object = authority ? authority->if_object() : nullptr;
  const auto* review_by = object ? object->if_contains("review_by") : nullptr;
  const auto* text = review_by ? review_by->if_string() : nullptr;
  const auto until = text ? parse_rfc3339(std::string_view{*text}) : fail(Errc::not_found, "");
  return until && now < *until;
}

/// What the policy has to say to it: what runs, what should not, what else is in the way.
void compare_with_policy(Readiness& row,
                         const PolicyHistory& history,
                         const json::object* terms,
                         const model::Catalogue& catalogue,
                         const TrackRecords& lately,
                         const DemotionRule& rule,
                         Time now) {
  const auto* verb = catalogue.find(row.verb);
  if (!verb) return;
  const auto allowed = allowances(
      history, *verb, {.verb = row.verb, .target_kind = row.target_kind}, row.tenant, at_once(now));
  if (allowed.empty()) return;
  row.could = allowed.back().could;
  row.why = allowed.back().why;
  if (row.ready && PolicyHistory::closed_limit(terms, row.verb, row.target_kind)) {
    row.promote_with += fmt::format(
        "# and remove what keeps it in the queue: tenants.{}.limits.{}\n", row.tenant, row.verb);
  }
  const TrackedClass of{.tenant = row.tenant, .verb = row.verb, .target_kind = row.target_kind};
  const auto found = lately.all().find(of);
  if (row.could == Autonomy::none || found == lately.all().end()) return;
  if (const auto fallen = demotion(found->second, rule, now)) row.demote = to_text(*fallen, of);
}

}  // namespace

Result<std::vector<Readiness>> readiness(const store::Store& store,
                                         const PolicyHistory& history,
                                         const model::Catalogue& catalogue,
                                         const std::vector<std::string>& tenants,
                                         const DemotionRule& rule,
                                         Time now) {
  std::vector<Readiness> rows;
  const store::LedgerQuery query{.kinds = {decided,
                                           approved,
                                           denied,
                                           expired,
                                           executed,
                                           verified,
                                           rolled_back,
                                           rollback_failed,
                                           policy_changed,
                                           model::EntryKind::reviewed}};
  for (const auto& tenant : tenants) {
    ReadinessCount count;
    TrackRecords lately{rule.window};
    Result<> outcome;
    const auto read =
        store::query_ledger(store, tenant, query, [&](std::uint64_t, std::string_view line) {
          const auto entry = from_json<model::LedgerEntry>(line);
          if (entry) {
            count.add(*entry);
            lately.add(*entry);
          } else {
            outcome = std::unexpected{entry.error()};
          }
          return outcome.has_value();
        });
    if (!read) return std::unexpected{read.error()};
    if (!outcome) return std::unexpected{outcome.error()};
    const auto* terms = terms_of(history, tenant, now);
    for (const auto& [of, record] : count.records()) {
      std::vector<std::string> people_owe;
      if (auto why = not_reviewed(tenant, count.reviews(), record.first.value_or(now), now);
          !why.empty())
        people_owe.push_back(std::move(why));
      if (!is_in_review(terms, now))
        people_owe.emplace_back(
            "authority: the policy names no review of it (authority.review_by) that is yet to "
            "come");
      auto row = assess(tenant, of, record, catalogue, std::move(people_owe));
      compare_with_policy(row, history, terms, catalogue, lately, rule, now);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace sallyport::audit
