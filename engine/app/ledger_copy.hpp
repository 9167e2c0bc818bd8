#pragma once

#include "engine/audit/checkpoint.hpp"
#include "engine/store/ledger.hpp"

#include <iosfwd>
#include <optional>
#include <string>

namespace sallyport::app {

/// What stands beside an export, in FILE.head: where it ends, and what came before it.
struct ExportHead {
  std::string tenant;
  store::LedgerHead before;
  store::LedgerHead head;
};

BOOST_DESCRIBE_STRUCT(ExportHead, (), (tenant, before, head))

/// Writes the lines of a tenant from entry `from` on; where they begin and end. Whether `out` took
/// them all, it says itself. Errors: corrupt, unavailable.
[[nodiscard]] Result<ExportHead> export_ledger(const store::Store& store,
                                               const std::string& tenant,
                                               std::uint64_t from,
                                               std::ostream& out);

/// What `ledger verify` says of an export: against the head beside it, or against `head_hash` where
/// that is given; with `check`, the signatures too.
[[nodiscard]] store::LedgerReport verify_copy(std::istream& lines,
                                              const std::optional<ExportHead>& beside,
                                              const std::string& head_hash,
                                              audit::CheckpointCheck* check);

}  // namespace sallyport::app
