#include "engine/app/autonomy.hpp"

#include "engine/app/notices.hpp"
#include "engine/app/policy_edit.hpp"
#include "engine/store/ledger.hpp"

#include <utility>

namespace sallyport::app {

audit::DemotionRule demotion_rule(const config::AutonomySettings& settings) {
  return {.agreement_floor = settings.agreement_floor,
          .rollback_ceiling = settings.rollback_ceiling,
          .window = settings.window,
          .min_samples = settings.min_samples,
          .age = std::chrono::days{settings.days}};
}

Autonomy::Autonomy(store::Store& store,
                   LedgerMailbox& mailbox,
                   PolicyKeeper& policy,
                   gate::Gate& gate,
                   const approve::Outbox& outbox,
                   const Clock& clock,
                   audit::DemotionRule rule,
                   observe::Log log)
    : store_{store},
      mailbox_{mailbox},
      policy_{policy},
      gate_{gate},
      outbox_{outbox},
      clock_{clock},
      rule_{rule},
      log_{std::move(log)},
      records_{rule_.window} {}

Result<> Autonomy::load() {
  // What is in the mailbox by now is in the ledger; what comes while we read is counted once, for
  // the heads say to where we read.
  (void)mailbox_.take();
  records_ = audit::TrackRecords{rule_.window};
  reviewed_version_ = 0;
  const auto tenants = store::ledger_tenants(store_);
  if (!tenants) return std::unexpected{tenants.error()};
  store::LedgerQuery query;
  query.kinds.assign(audit::TrackRecords::kinds.begin(), audit::TrackRecords::kinds.end());
  query.from = clock_.now() - rule_.age;
  for (const auto& tenant : *tenants) {
    const auto head = store::ledger_head(store_, tenant);
    if (!head) return std::unexpected{head.error()};
    loaded_to_[tenant] = head->seq;
    Result<> outcome;
    const auto read =
        store::query_ledger(store_, tenant, query, [&](std::uint64_t seq, std::string_view line) {
          if (seq > head->seq) return true;
          const auto entry = from_json<model::LedgerEntry>(line);
          if (entry) {
            records_.add(*entry);
          } else {
            outcome = std::unexpected{entry.error()};
          }
          return outcome.has_value();
        });
    if (!read) return read;
    if (!outcome) return outcome;
  }
  return {};
}

Result<bool> Autonomy::hear() {
  const auto lines = mailbox_.take();
  if (!lines) {
    const auto loaded = load();
    if (!loaded) return std::unexpected{loaded.error()};
    return true;
  }
  for (const auto& line : *lines) {
    const auto entry = from_json<model::LedgerEntry>(line);
    if (!entry) return std::unexpected{entry.error()};
    if (entry->seq > loaded_to_[entry->tenant]) records_.add(*entry);
  }
  return !lines->empty();
}

Result<std::size_t> Autonomy::review() {
  const auto news = hear();
  if (!news) return std::unexpected{news.error()};
  const auto version = gate_.policy()->version().version;
  if (!*news && version == reviewed_version_ && in_the_way_.empty()) return 0;

  std::size_t demoted = 0;
  std::string in_the_way;
  for (const auto& [of, record] : records_.all()) {
    const auto now = clock_.now();
    const auto fallen = audit::demotion(record, rule_, now);
    if (!fallen || !gate_.policy()->could_run(of.tenant, of.verb, of.target_kind, now)) continue;
    const auto done = demote(of, *fallen);
    if (done) {
      ++demoted;
      continue;
    }
    in_the_way = done.error().detail;
    if (in_the_way != in_the_way_)
      log_.error("a verb that should wait for people still runs by itself",
                 {{"tenant", of.tenant}, {"verb", of.verb}, {"why", in_the_way}});
  }
  in_the_way_ = std::move(in_the_way);
  reviewed_version_ = version;
  return demoted;
}

Result<> Autonomy::demote(const audit::TrackedClass& of, const audit::Demotion& demotion) {
  const auto reason = "demoted: " + to_text(demotion, of);
  const auto made = policy_.change(
      gate_,
      {.make =
           [&](const std::string& text) {
             return with_demotion(text, of.tenant, of.verb, of.target_kind, reason);
           },
       .by = {.kind = "engine", .id = "autonomy"},
       .reason = fmt::format("{}: {}", of.verb, reason),
       .expected = {},
       .also = [&](store::Batch& batch) { outbox_.put(batch, verb_demoted(of, demotion)); },
       .without_file = true});
  if (!made) return std::unexpected{made.error()};
  log_.warn("demoted",
            {{"tenant", of.tenant},
             {"verb", of.verb},
             {"target_kind", of.target_kind},
             {"why", reason},
             {"policy_version", made->version}});
  if (policy_.ahead_of_file())
    log_.error("the policy file cannot be written; the demotion holds by the engine's record",
               {{"policy_version", made->version}});
  return {};
}

}  // namespace sallyport::app
