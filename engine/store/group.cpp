#include "engine/store/group.hpp"

#include "engine/store/database.hpp"
#include "engine/store/decision_facets.hpp"
#include "engine/store/ledger_line.hpp"

#include <algorithm>

namespace sallyport::store {

namespace {

Result<> check(std::string_view tenant, std::string_view body) {
  if (tenant.empty() || tenant.find('\0') != std::string_view::npos)
    return fail(Errc::invalid_input, "a ledger entry needs a tenant, without NUL in its name");
  if (!body.starts_with('{') || !body.ends_with('}') || body.find('\n') != std::string_view::npos)
    return fail(Errc::invalid_input,
                "the body of a ledger entry must be one JSON object on a line");
  return {};
}

/// Of verbs, decisions and reasons there are few; who makes up more of them pays with a record for
/// each decision, not with a search that grows.
constexpr std::size_t most_shared = 64;

bool asked_for_itself(std::string_view actor, std::string_view subject) {
  return actor.size() == investigation_actor.size() + subject.size() &&
         actor.starts_with(investigation_actor) && actor.ends_with(subject);
}

}  // namespace

GroupBuilder::GroupBuilder(const LedgerHeads& heads,
                           const LedgerListener& listener,
                           std::size_t bytes)
    : heads_{heads}, listener_{listener}, write_{bytes} {}

Result<> GroupBuilder::add(const Database& database, const Batch& batch) {
  for (const auto& draft : batch.drafts_)
    if (auto checked = check(draft.tenant, draft.body); !checked) return checked;
  for (const auto& [table, key, value] : batch.writes_) {
    const auto status = value ? write_.Put(database.family(table), key, *value)
                              : write_.Delete(database.family(table), key);
    status.PermitUncheckedError();  // a batch in memory without a size limit takes everything
  }
  append(database, batch);
  return {};
}

GroupBuilder::Chain& GroupBuilder::chain_of(const std::string& tenant) {
  const auto found = chains_.find(tenant);
  if (found != chains_.end()) return found->second;
  Chain chain;
  chain.head.hash = no_hash;
  if (const auto head = heads_.find(tenant); head != heads_.end()) chain.head = head->second;
  return chains_.emplace(tenant, std::move(chain)).first->second;
}

void GroupBuilder::append(const Database& database, const Batch& batch) {
  for (const auto& draft : batch.drafts_) {
    auto& chain = chain_of(draft.tenant);
    if (chain.run > 0 && chain.subject != draft.subject) end_run(database, draft.tenant, chain);
    auto& head = chain.head;
    ++head.seq;
    line_.clear();
    head.hash = append_line(line_,
                            head.seq,
                            head.hash,
                            {.tenant = draft.tenant,
                             .at = draft.at,
                             .kind = draft.kind,
                             .subject = draft.subject,
                             .actor = draft.actor,
                             .body = draft.body});
    put(database, Table::ledger, ledger_key(draft.tenant, head.seq), line_);
    if (std::ranges::find(listener_.kinds, draft.kind) != listener_.kinds.end())
      to_tell_.emplace_back(draft.kind, line_);

    if (chain.run++ == 0) chain.subject = draft.subject;
    const auto second = std::chrono::floor<std::chrono::seconds>(draft.at);
    const Place place{.at = draft.at, .seq = head.seq};
    note(chain.kinds[{draft.kind, second}], second, place);
    if (draft.kind == model::EntryKind::decided) {
      const auto facets = facets_of(draft.body);
      note(database, draft.tenant, chain, Facet::verb, facets.verb, place, Shared::yes);
      note(database, draft.tenant, chain, Facet::decision, facets.decision, place, Shared::yes);
      note(database, draft.tenant, chain, Facet::reason, facets.reason, place, Shared::yes);
      note(database, draft.tenant, chain, Facet::target, facets.target, place, Shared::no);
      if (!asked_for_itself(draft.actor.id, draft.subject))
        note(database, draft.tenant, chain, Facet::actor, draft.actor.id, place, Shared::no);
    }
    ++entries_;
  }
}

void GroupBuilder::tell() const {
  for (const auto& [kind, line] : to_tell_) listener_.hear(kind, line);
}

void GroupBuilder::note(const Database& database,
                        const std::string& tenant,
                        Chain& chain,
                        Facet facet,
                        std::string_view text,
                        Place place,
                        Shared shared) {
  if (text.empty()) return;
  const auto second = std::chrono::floor<std::chrono::seconds>(place.at);
  const auto is_it = [&](const FacetRecord& one) {
    return one.facet == facet && one.second == second && one.text == text;
  };
  if (shared == Shared::yes) {
    const auto known = std::ranges::find_if(chain.facets, is_it);
    if (known != chain.facets.end()) return note(known->record, second, place);
    if (chain.facets.size() < most_shared) {
      chain.facets.push_back({.facet = facet, .text = std::string{text}, .second = second});
      return note(chain.facets.back().record, second, place);
    }
  }
  PlaceRecord alone;
  note(alone, second, place);
  put(database,
      Table::ledger_index,
      record_key(facet_prefix(tenant, facet, text), second, place.seq),
      alone.places);
}

void GroupBuilder::note(PlaceRecord& record, std::chrono::sys_seconds second, Place place) {
  if (record.places.empty()) record.first_seq = place.seq;
  append_place(record.places, second, record.first_seq, place);
}

void GroupBuilder::end_run(const Database& database, const std::string& tenant, Chain& chain) {
  const auto first = chain.head.seq - chain.run + 1;
  put(database,
      Table::ledger_index,
      subject_key(tenant, chain.subject, first),
      run_value(chain.run));
  chain.run = 0;
}

void GroupBuilder::put(const Database& database,
                       Table table,
                       const std::string& key,
                       std::string_view value) {
  write_.Put(database.family(table), key, rocksdb::Slice{value.data(), value.size()})
      .PermitUncheckedError();
}

void GroupBuilder::move(LedgerHeads& heads) const {
  for (const auto& [tenant, chain] : chains_) heads.insert_or_assign(tenant, chain.head);
}

rocksdb::WriteBatch& GroupBuilder::finish(const Database& database) {
  for (auto& [tenant, chain] : chains_) {
    end_run(database, tenant, chain);
    for (const auto& [of, record] : chain.kinds) {
      const auto& [kind, second] = of;
      put(database,
          Table::ledger_index,
          kind_key(tenant, kind, second, record.first_seq),
          record.places);
    }
    for (const auto& [facet, text, second, record] : chain.facets)
      put(database,
          Table::ledger_index,
          record_key(facet_prefix(tenant, facet, text), second, record.first_seq),
          record.places);
    put(database, Table::meta, head_key(tenant), to_json(chain.head));
  }
  return write_;
}

}  // namespace sallyport::store
