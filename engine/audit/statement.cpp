#include "engine/audit/statement.hpp"

#include "engine/audit/entry_facts.hpp"
#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <utility>

namespace sallyport::audit {

void DoneCount::add(const model::LedgerEntry& entry) {
  using enum model::EntryKind;
  const auto facts = facts_of(entry);
  if (entry.kind == decided) {
    if (facts.decision != "auto" || facts.action.empty()) return;
    const auto known = actions_.find(facts.action);
    // The decision on a person's approval is no decision of the engine alone.
    if (known != actions_.end() || entry.actor.kind == "analyst") return;
    actions_[facts.action] = {
        .verb = facts.verb, .target_kind = facts.target_kind, .by_itself = true};
    ++done_[facts.verb][facts.target_kind].decided;
    return;
  }
  const auto known = actions_.find(entry.subject);
  if (known == actions_.end()) return;
  auto& action = known->second;
  if (entry.kind == approved) action.by_itself = false;
  if (!action.by_itself) return;
  auto& done = done_[action.verb][action.target_kind];
  // Each step once, however often it is told (a retry, a reconciliation).
  if (entry.kind == executing && !std::exchange(action.executed, true)) ++done.executed;
  if (entry.kind == verified && !std::exchange(action.verified, true)) ++done.verified;
  if (entry.kind == rolled_back) ++done.rolled_back;
}

std::map<std::string, Done> DoneCount::of(std::string_view verb) const {
  const auto found = done_.find(verb);
  return found == done_.end() ? std::map<std::string, Done>{} : found->second;
}

Result<Statement> make_statement(const store::Store& store,
                                 const PolicyHistory& history,
                                 const model::Catalogue& catalogue,
                                 const std::vector<std::string>& tenants,
                                 Window window) {
  using enum model::EntryKind;
  Statement statement{.window = window, .verbs = {}};
  const store::LedgerQuery query{.kinds = {decided, approved, executing, verified, rolled_back},
                                 .from = window.from,
                                 .to = window.to};
  for (const auto& tenant : tenants) {
    DoneCount count;
    Result<> outcome;
    const auto read =
        store::query_ledger(store, tenant, query, [&](std::uint64_t, std::string_view line) {
          const auto entry = from_json<model::LedgerEntry>(line);
          if (entry) {
            count.add(*entry);
          } else {
            outcome = std::unexpected{entry.error()};
          }
          return outcome.has_value();
        });
    if (!read) return std::unexpected{read.error()};
    if (!outcome) return std::unexpected{outcome.error()};
    for (const auto& [name, verb] : catalogue.verbs()) {
      auto kinds = count.of(name);
      for (const auto& kind : verb.targets) kinds.try_emplace(kind);
      for (const auto& [kind, done] : kinds) {
        const Deed of{.verb = name, .target_kind = kind};
        statement.verbs.push_back({.tenant = tenant,
                                   .verb = name,
                                   .target_kind = kind,
                                   .blast_radius = verb.blast_radius,
                                   .could = allowances(history, verb, of, tenant, window),
                                   .did = done});
      }
    }
  }
  return statement;
}

std::string statement_text(const Statement& statement) {
  std::string text = fmt::format("What could run without a person, and what did: {} to {}\n",
                                 to_rfc3339(statement.window.from),
                                 to_rfc3339(statement.window.to));
  std::string tenant;
  for (const auto& verb : statement.verbs) {
    if (verb.tenant != std::exchange(tenant, verb.tenant))
      text += fmt::format("\ntenant {}\n", to_json(verb.tenant));
    text += fmt::format(
        "  {} on {} ({})\n", verb.verb, to_json(verb.target_kind), name_of(verb.blast_radius));
    for (const auto& could : verb.could) {
      text += fmt::format("    {} to {}: {} ({}; policy {})\n",
                          to_rfc3339(could.during.from),
                          to_rfc3339(could.during.to),
                          name_of(could.could),
                          could.why,
                          could.policy_version);
      for (const auto& condition : could.conditions) text += fmt::format("      {}\n", condition);
    }
    const auto& did = verb.did;
    if (did.decided + did.executed + did.verified + did.rolled_back == 0) {
      text += "    did: nothing\n";
    } else {
      text += fmt::format("    did: {} decided, {} executed, {} verified, {} rolled back\n",
                          did.decided,
                          did.executed,
                          did.verified,
                          did.rolled_back);
    }
  }
  return text;
}

}  // namespace sallyport::audit
