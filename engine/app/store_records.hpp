#pragma once

#include "engine/app/policy_replay.hpp"
#include "engine/store/store.hpp"

namespace sallyport::app {

/// The records of a store on disk, which must outlive it.
class StoreRecords final : public Records {
 public:
  explicit StoreRecords(const store::Store& store) : store_{store} {}

  [[nodiscard]] Result<std::vector<std::string>> tenants() override;
  Result<> entries(const std::string& tenant,
                   const std::vector<model::EntryKind>& kinds,
                   std::optional<Time> from,
                   std::optional<Time> to,
                   const std::function<bool(const model::LedgerEntry&)>& visit) override;
  [[nodiscard]] Result<Version> policy(std::uint64_t version) override;

 private:
  const store::Store& store_;
};

}  // namespace sallyport::app
