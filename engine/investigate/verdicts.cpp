#include "engine/investigate/verdicts.hpp"

#include "engine/investigate/kept.hpp"
#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace sallyport::investigate {

namespace {

using store::Table;

/// Visits the verdicts of an investigation, at most `limit` (0: all); `visit` returns false to
/// stop.
Result<> verdicts_of(const store::Store& store,
                     std::string_view tenant,
                     std::string_view investigation,
                     std::size_t limit,
                     const std::function<bool(Result<model::Verdict>)>& visit) {
  return store::query_ledger(store,
                             tenant,
                             {.kinds = {model::EntryKind::verdict},
                              .subject = std::string{investigation},
                              .limit = limit,
                              .newest_first = true},
                             [&](std::uint64_t, std::string_view line) {
                               const auto entry = from_json<model::LedgerEntry>(line);
                               if (!entry) return visit(std::unexpected{entry.error()});
                               return visit(read_verdict(to_json(entry->body)));
                             });
}

Result<model::Verdict> newest_verdict(const store::Store& store,
                                      std::string_view tenant,
                                      std::string_view investigation) {
  std::optional<Result<model::Verdict>> found;
  const auto read =
      verdicts_of(store, tenant, investigation, 1, [&](Result<model::Verdict> verdict) {
        found = std::move(verdict);
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

Result<std::vector<model::Verdict>> find_versions(const store::Store& store,
                                                  std::string_view investigation) {
  const auto tenant = store.get(Table::investigations, investigation);
  if (!tenant) return std::unexpected{tenant.error()};
  if (!*tenant) return fail(Errc::not_found, fmt::format("no investigation {:.64}", investigation));
  std::vector<model::Verdict> versions;
  std::optional<Error> broken;
  const auto read =
      verdicts_of(store, **tenant, investigation, 0, [&](Result<model::Verdict> verdict) {
        if (!verdict) return broken.emplace(verdict.error()), false;
        versions.push_back(*std::move(verdict));
        return true;
      });
  if (!read) return std::unexpected{read.error()};
  if (broken) return std::unexpected{*broken};
  std::ranges::reverse(versions);
  return versions;
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
