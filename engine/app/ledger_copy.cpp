#include "engine/app/ledger_copy.hpp"

#include <algorithm>
#include <functional>
#include <ostream>
#include <utility>

namespace sallyport::app {

Result<ExportHead> export_ledger(const store::Store& store,
                                 const std::string& tenant,
                                 std::uint64_t from,
                                 std::ostream& out) {
  ExportHead beside{.tenant = tenant, .before = {}, .head = {}};
  Result<> read;
  const auto end_of = [&](std::string_view line, store::LedgerHead& into) {
    auto head = store::head_of(line);
    if (head) {
      into = *std::move(head);
    } else {
      read = fail(Errc::corrupt, "the ledger holds a line that is no entry: verify it");
    }
    return read.has_value();
  };
  const auto first = std::max<std::uint64_t>(from, 1);
  const auto scanned =
      store::read_ledger(store, tenant, first - 1, [&](std::uint64_t seq, std::string_view line) {
        if (!end_of(line, seq < first ? beside.before : beside.head)) return false;
        if (seq >= first) out << line << '\n';
        return out.good();
      });
  if (!scanned) return std::unexpected{scanned.error()};
  if (!read) return std::unexpected{read.error()};
  if (beside.head.seq == 0) beside.head = beside.before;
  return beside;
}

store::LedgerReport verify_copy(std::istream& lines,
                                const std::optional<ExportHead>& beside,
                                const std::string& head_hash,
                                audit::CheckpointCheck* check) {
  std::optional<store::LedgerHead> expected;
  if (beside) expected = beside->head;
  if (!head_hash.empty()) expected = store::LedgerHead{.seq = 0, .hash = head_hash};
  return store::verify_export(lines,
                              expected ? &*expected : nullptr,
                              beside ? &beside->before : nullptr,
                              check ? store::EntryCheck{std::ref(*check)} : store::EntryCheck{});
}

}  // namespace sallyport::app
