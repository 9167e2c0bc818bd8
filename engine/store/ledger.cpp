#include "engine/store/ledger.hpp"

#include "engine/store/ledger_index.hpp"
#include "engine/store/ledger_line.hpp"

#include <istream>

namespace sallyport::store {

namespace {

LedgerReport bad(const ChainWalk& walk, std::uint64_t seq, std::string why) {
  return {.holds = false,
          .entries = walk.head().seq,
          .head = walk.head(),
          .first_bad_seq = seq,
          .why = std::move(why)};
}

std::string nth(std::uint64_t seq, std::string_view why) {
  return fmt::format("entry {} {}", seq, why);
}

}  // namespace

Result<> read_ledger(const Store& store,
                     std::string_view tenant,
                     std::uint64_t from_seq,
                     const std::function<bool(std::uint64_t seq, std::string_view line)>& visit) {
  return store.scan(
      Table::ledger,
      ledger_prefix(tenant),
      ledger_key(tenant, from_seq),
      false,
      [&](std::string_view key, std::string_view line) { return visit(seq_of(key), line); });
}

Result<std::vector<std::string>> ledger_tenants(const Store& store) {
  std::vector<std::string> tenants;
  const auto scanned =
      store.scan(Table::meta, head_prefix, {}, false, [&](std::string_view key, std::string_view) {
        tenants.emplace_back(key.substr(head_prefix.size()));
        return true;
      });
  if (!scanned) return std::unexpected{scanned.error()};
  return tenants;
}

Result<LedgerHead> ledger_head(const Store& store, std::string_view tenant) {
  auto head = store.load<LedgerHead>(Table::meta, head_key(tenant));
  if (!head && head.error().code == Errc::not_found) return LedgerHead{};
  return head;
}

Result<LedgerHead> head_of(std::string_view line) {
  const auto frame = take_apart(line);
  if (!frame) return fail(Errc::corrupt, "not written as a ledger entry");
  return LedgerHead{.seq = frame->seq, .hash = std::string{frame->hash}};
}

Result<LedgerReport> verify_ledger(const Store& store,
                                   std::string_view tenant,
                                   const EntryCheck& also) {
  // The engine may append while we walk: what is in the chain then is at most what the head, read
  // again, says; and at least what it said before.
  auto recorded = ledger_head(store, tenant);
  if (!recorded) return std::unexpected{recorded.error()};
  const auto least = *recorded;

  ChainWalk walk{tenant};
  LedgerReport report;
  Result<> read;
  bool broken = false;
  const auto stop = [&](std::uint64_t seq, std::string why) {
    report = bad(walk, seq, nth(seq, why));
    broken = true;
    return false;
  };
  const auto scanned =
      store.scan(Table::ledger,
                 ledger_prefix(tenant),
                 {},
                 false,
                 [&](std::string_view key, std::string_view line) {
                   const auto expected = walk.head().seq + 1;
                   if (auto why = walk.next(line); !why.empty())
                     return stop(expected, std::move(why));
                   if (key.size() != tenant.size() + 9 || seq_of(key) != expected)
                     return stop(expected, "is kept in the place of another");
                   if (expected == least.seq && walk.head().hash != least.hash)
                     return stop(expected, "is not the one that was recorded as the end");
                   if (expected > recorded->seq) {
                     auto again = ledger_head(store, tenant);
                     if (!again) {
                       read = std::unexpected{again.error()};
                       return false;
                     }
                     recorded = std::move(again);
                     if (expected > recorded->seq)
                       return stop(expected, "stands after the recorded end of the chain");
                   }
                   if (auto why = also ? also(walk.head(), line) : std::string{}; !why.empty())
                     return stop(expected, std::move(why));
                   return true;
                 });
  if (!scanned) return std::unexpected{scanned.error()};
  if (!read) return std::unexpected{read.error()};
  if (broken) return report;
  const auto last = walk.head().seq;
  if (last < least.seq)
    return bad(walk,
               last + 1,
               nth(last + 1, fmt::format("is missing: the chain should go on to {}", least.seq)));
  report.holds = true;
  report.entries = last;
  report.head = last == 0 ? LedgerHead{} : walk.head();
  return report;
}

LedgerReport verify_export(std::istream& lines,
                           const LedgerHead* expected_head,
                           const LedgerHead* before,
                           const EntryCheck& also) {
  ChainWalk walk{{}, before ? *before : LedgerHead{}};
  const auto start = walk.head().seq;
  std::string line;
  while (std::getline(lines, line)) {
    const auto expected = walk.head().seq + 1;
    if (lines.eof()) return bad(walk, expected, nth(expected, "is cut off: its line has no end"));
    if (auto why = walk.next(line); !why.empty()) return bad(walk, expected, nth(expected, why));
    if (auto why = also ? also(walk.head(), line) : std::string{}; !why.empty())
      return bad(walk, expected, nth(expected, why));
  }
  LedgerReport report{.holds = true,
                      .entries = walk.head().seq - start,
                      .head = walk.head(),
                      .first_bad_seq = 0,
                      .why = {}};
  if (!expected_head) {
    report.why = "without the head of the chain, entries missing at the end cannot be seen";
    return report;
  }
  const auto seq_differs = expected_head->seq != 0 && expected_head->seq != walk.head().seq;
  const bool both_empty =
      expected_head->seq == 0 && expected_head->hash.empty() && walk.head().seq == 0;
  if (!both_empty && (seq_differs || expected_head->hash != walk.head().hash)) {
    const auto next = walk.head().seq + 1;
    return bad(
        walk,
        next,
        fmt::format("the export ends with entry {} ({}), but the chain's head is {}{}",
                    walk.head().seq,
                    walk.head().hash,
                    expected_head->hash,
                    expected_head->seq != 0 ? fmt::format(" at {}", expected_head->seq) : ""));
  }
  return report;
}

}  // namespace sallyport::store
