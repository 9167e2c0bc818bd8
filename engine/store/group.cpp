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

}  // namespace

GroupBuilder::GroupBuilder(const Database& database,
                           const LedgerHeads& heads,
                           const LedgerListener& listener,
                           std::size_t bytes)
    : database_{database}, heads_{heads}, listener_{listener}, write_{bytes + bytes / 4} {}

Result<> GroupBuilder::add(const Batch& batch) {
  for (const auto& draft : batch.drafts_)
    if (auto checked = check(draft.tenant, draft.body); !checked) return checked;
  for (const auto& [table, key, value] : batch.writes_) {
    const auto status = value ? write_.Put(database_.family(table), key, *value)
                              : write_.Delete(database_.family(table), key);
    status.PermitUncheckedError();  // a batch in memory without a size limit takes everything
  }
  append(batch);
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

void GroupBuilder::append(const Batch& batch) {
  for (const auto& draft : batch.drafts_) {
    auto& chain = chain_of(draft.tenant);
    if (chain.run > 0 && chain.subject != draft.subject) end_run(draft.tenant, chain);
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
    put(Table::ledger, ledger_key(draft.tenant, head.seq), line_);
    if (std::ranges::find(listener_.kinds, draft.kind) != listener_.kinds.end())
      to_tell_.emplace_back(draft.kind, line_);

    if (chain.run++ == 0) chain.subject = draft.subject;
    const auto second = std::chrono::floor<std::chrono::seconds>(draft.at);
    const Place place{.at = draft.at, .seq = head.seq};
    note(chain.kinds[{draft.kind, second}], second, place);
    if (draft.kind == model::EntryKind::decided) {
      const auto facets = facets_of(draft.body);
      const auto under = [&](Facet facet, std::string_view text) {
        if (!text.empty())
          note(chain.facets[{facet_prefix(draft.tenant, facet, text), second}], second, place);
      };
      under(Facet::verb, facets.verb);
      under(Facet::target, facets.target);
      under(Facet::decision, facets.decision);
      under(Facet::reason, facets.reason);
      under(Facet::actor, draft.actor.id);
    }
    ++entries_;
  }
}

void GroupBuilder::tell() const {
  for (const auto& [kind, line] : to_tell_) listener_.hear(kind, line);
}

void GroupBuilder::note(PlaceRecord& record, std::chrono::sys_seconds second, Place place) {
  if (record.places.empty()) record.first_seq = place.seq;
  append_place(record.places, second, record.first_seq, place);
}

void GroupBuilder::end_run(const std::string& tenant, Chain& chain) {
  const auto first = chain.head.seq - chain.run + 1;
  put(Table::ledger_index, subject_key(tenant, chain.subject, first), run_value(chain.run));
  chain.run = 0;
}

void GroupBuilder::put(Table table, const std::string& key, std::string_view value) {
  write_.Put(database_.family(table), key, rocksdb::Slice{value.data(), value.size()})
      .PermitUncheckedError();
}

rocksdb::WriteBatch& GroupBuilder::finish() {
  for (auto& [tenant, chain] : chains_) {
    end_run(tenant, chain);
    for (const auto& [of, record] : chain.kinds) {
      const auto& [kind, second] = of;
      put(Table::ledger_index, kind_key(tenant, kind, second, record.first_seq), record.places);
    }
    for (const auto& [of, record] : chain.facets)
      put(Table::ledger_index, record_key(of.first, of.second, record.first_seq), record.places);
    put(Table::meta, head_key(tenant), to_json(chain.head));
    moved_.emplace(tenant, chain.head);
  }
  return write_;
}

}  // namespace sallyport::store
