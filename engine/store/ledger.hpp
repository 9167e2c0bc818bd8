#pragma once

#include "engine/store/store.hpp"

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::store {

/// Where a tenant's chain ends.
struct LedgerHead {
  std::uint64_t seq = 0;  ///< 0: empty.
  std::string hash;
};

BOOST_DESCRIBE_STRUCT(LedgerHead, (), (seq, hash))

/// What verification found.
struct LedgerReport {
  bool holds = false;
  std::uint64_t entries = 0;
  LedgerHead head;
  std::uint64_t first_bad_seq = 0;  ///< Where `holds` is false.
  std::string why;
};

/// Visits the raw JSON lines of a tenant's ledger from `from_seq` on; `visit` returns false to
/// stop. Errors: unavailable.
[[nodiscard]] Result<> read_ledger(
    const Store& store,
    std::string_view tenant,
    std::uint64_t from_seq,
    const std::function<bool(std::uint64_t seq, std::string_view line)>& visit);

/// All tenants that have a ledger.
[[nodiscard]] Result<std::vector<std::string>> ledger_tenants(const Store& store);

[[nodiscard]] Result<LedgerHead> ledger_head(const Store& store, std::string_view tenant);

/// Looks at each entry of a walk once it has held: its number and hash, and its line. Returns why
/// it does not hold after all, as the end of a sentence about it; empty: it does.
using EntryCheck = std::function<std::string(const LedgerHead& entry, std::string_view line)>;

/// Walks the whole chain and compares its end with the recorded head, so that changed, removed,
/// reordered, swapped and truncated entries are all found. Errors: unavailable.
[[nodiscard]] Result<LedgerReport> verify_ledger(const Store& store,
                                                 std::string_view tenant,
                                                 const EntryCheck& also = {});

/// The same for an export: one entry a line, each line ended. Without an expected head a truncation
/// at the end cannot be seen; the report then says so in `why` while `holds`. `seq` 0 in the
/// expected head: any, the hash decides. An export that does not begin with a tenant's first entry
/// holds only after `before`, the head of what was left out.
[[nodiscard]] LedgerReport verify_export(std::istream& lines,
                                         const LedgerHead* expected_head,
                                         const LedgerHead* before = nullptr,
                                         const EntryCheck& also = {});

/// The hash of one stored line, and its number. Errors: corrupt.
[[nodiscard]] Result<LedgerHead> head_of(std::string_view line);

/// Which entries of a tenant are wanted.
struct LedgerQuery {
  std::vector<model::EntryKind> kinds;  ///< Empty: all.
  std::string subject;                  ///< Empty: any.
  /// Of decisions; where one is set, only `decided` entries are visited. Empty: any.
  std::string verb;
  std::string target;  ///< Its value.
  std::string decision;
  std::string reason;
  std::string actor;         ///< Its id.
  std::optional<Time> from;  ///< Inclusive.
  std::optional<Time> to;    ///< Exclusive.
  std::size_t limit = 0;     ///< 0: none.
  bool newest_first = false;

  /// Go on after the entry that was visited last (paging).
  struct Position {
    Time at;
    std::uint64_t seq = 0;
  };

  std::optional<Position> after;
};

/// Visits the raw JSON lines that `query` wants, by time and number, found through the index: the
/// cost is that of the entries of these kinds in that window (with a subject: of its entries; of
/// decisions: of those with that verb, target, ... in that window), however long the chain is.
/// `visit` returns false to stop. Errors: unavailable, corrupt.
[[nodiscard]] Result<> query_ledger(
    const Store& store,
    std::string_view tenant,
    const LedgerQuery& query,
    const std::function<bool(std::uint64_t seq, std::string_view line)>& visit);

}  // namespace sallyport::store
