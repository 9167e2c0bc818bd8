#pragma once

#include "engine/app/api_client.hpp"
#include "engine/app/policy_replay.hpp"

namespace sallyport::app {

/// The records of a running engine, as far as the token sees them. The client must outlive it.
class ApiRecords final : public Records {
 public:
  explicit ApiRecords(ApiClient& client) : client_{client} {}

  /// Those that the policy names and the token sees.
  [[nodiscard]] Result<std::vector<std::string>> tenants() override;
  Result<> entries(const std::string& tenant,
                   const std::vector<model::EntryKind>& kinds,
                   std::optional<Time> from,
                   std::optional<Time> to,
                   const std::function<bool(const model::LedgerEntry&)>& visit) override;
  [[nodiscard]] Result<Version> policy(std::uint64_t version) override;

 private:
  ApiClient& client_;
};

}  // namespace sallyport::app
