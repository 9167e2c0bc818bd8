#include "engine/app/store_records.hpp"

#include "engine/app/policy_versions.hpp"
#include "engine/config/document.hpp"
#include "engine/store/ledger.hpp"

namespace sallyport::app {

Result<std::vector<std::string>> StoreRecords::tenants() {
  return store::ledger_tenants(store_);
}

Result<> StoreRecords::entries(const std::string& tenant,
                               const std::vector<model::EntryKind>& kinds,
                               std::optional<Time> from,
                               std::optional<Time> to,
                               const std::function<bool(const model::LedgerEntry&)>& visit) {
  std::optional<Error> broken;
  const auto read =
      store::query_ledger(store_,
                          tenant,
                          {.kinds = kinds, .subject = {}, .from = from, .to = to, .after = {}},
                          [&](std::uint64_t, std::string_view line) {
                            const auto entry = from_json<model::LedgerEntry>(line);
                            if (entry) return visit(*entry);
                            broken = entry.error();
                            return false;
                          });
  if (!read) return read;
  if (broken) return std::unexpected{*broken};
  return {};
}

Result<Records::Version> StoreRecords::policy(std::uint64_t version) {
  const auto stored = policy_version(store_, version);
  if (!stored) return std::unexpected{stored.error()};
  const auto document = config::Document::parse(stored->text, "policy");
  if (!document) return std::unexpected{document.error()};
  return Version{.document = document->root(), .hash = stored->hash};
}

}  // namespace sallyport::app
