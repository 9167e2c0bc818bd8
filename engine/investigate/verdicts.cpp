#include "engine/investigate/verdicts.hpp"

#include "engine/investigate/kept.hpp"
#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace sallyport::investigate {

namespace {

using store::Table;

Result<model::Verdict> newest_verdict(const store::Store& store,
                                      std::string_view tenant,
                                      std::string_view investigation) {
  std::optional<Result<model::Verdict>> found;
  const auto read =
      store::query_ledger(store,
                          tenant,
                          {.kinds = {model::EntryKind::verdict},
                           .subject = std::string{investigation},
                           .limit = 1,
                           .newest_first = true},
                          [&](std::uint64_t, std::string_view line) {
                            const auto entry = from_json<model::LedgerEntry>(line);
                            found = entry ? read_verdict(to_json(entry->body))
                                          : Result<model::Verdict>{std::unexpected{entry.error()}};
                            return false;
                          });
  if (!read) return std::unexpected{read.error()};
  if (!found)
    return fail(Errc::corrupt, fmt::format("the ledger has no verdict of {:.64}", investigation));
  return *std::move(found);
}

}  // namespace

void put_verdict(store::Batch& batch, const model::Verdict& verdict) {
  constexpr std::size_t usual_bytes = 8192;
  std::string document;
  document.reserve(usual_bytes);
  append_json(document, verdict);
  batch.append(verdict.tenant,
               model::EntryKind::verdict,
               verdict.investigation,
               {.kind = "agent", .id = "investigation:" + verdict.investigation},
               verdict.concluded_at,
               std::move(document));
  batch.put(Table::investigations, verdict.investigation, verdict.tenant);
  for (const auto& kept : verdict.kept) put_kept(batch, *kept, verdict.concluded_at);
}

Result<model::Verdict> read_verdict(std::string_view text) {
  return from_json<model::Verdict>(text);
}

Result<model::Verdict> find_verdict(const store::Store& store, std::string_view investigation) {
  const auto tenant = store.get(Table::investigations, investigation);
  if (!tenant) return std::unexpected{tenant.error()};
  if (!*tenant) return fail(Errc::not_found, fmt::format("no investigation {:.64}", investigation));
  return newest_verdict(store, **tenant, investigation);
}

Result<> list_verdicts(const store::Store& store,
                       std::string_view tenant,
                       std::string_view before,
                       const std::function<bool(model::Verdict verdict)>& visit) {
  std::optional<Error> broken;
  const auto scanned = store.scan(
      Table::investigations, "", before, true, [&](std::string_view key, std::string_view owner) {
        if (!before.empty() && key >= before) return true;
        if (!tenant.empty() && owner != tenant) return true;
        auto verdict = newest_verdict(store, owner, key);
        if (verdict) return visit(*std::move(verdict));
        broken = verdict.error();
        return false;
      });
  if (!scanned) return scanned;
  if (broken) return std::unexpected{*broken};
  return {};
}

}  // namespace sallyport::investigate
