#include "engine/app/commands/ledger_commands.hpp"
#include "engine/app/commands/store_place.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>

namespace sallyport::app {

namespace {

struct ExportOptions {
  StorePlace place;
  std::string tenant;
  std::uint64_t from = 1;
  std::string out;
};

/// Writes the lines of a tenant from options.from on; where they begin and end.
Result<ExportHead> write_lines(const store::Store& store,
                               const ExportOptions& options,
                               std::ostream& out) {
  ExportHead beside{.tenant = options.tenant, .before = {}, .head = {}};
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
  const auto first = std::max<std::uint64_t>(options.from, 1);
  const auto scanned = store::read_ledger(
      store, options.tenant, first - 1, [&](std::uint64_t seq, std::string_view line) {
        if (!end_of(line, seq < first ? beside.before : beside.head)) return false;
        if (seq >= first) out << line << '\n';
        return out.good();
      });
  if (!scanned) return std::unexpected{scanned.error()};
  if (!read) return std::unexpected{read.error()};
  if (beside.head.seq == 0) beside.head = beside.before;
  return beside;
}

int export_lines(const ExportOptions& options) {
  const auto store = options.place.open();
  if (!store) return unusable("ledger", store.error());
  const auto tenants = asked_tenants(**store, options.tenant);
  if (!tenants) return unusable("ledger", tenants.error());
  std::ofstream file;
  if (!options.out.empty()) {
    file.open(options.out, std::ios::binary | std::ios::trunc);
    if (!file)
      return unusable("ledger",
                      {.code = Errc::invalid_input,
                       .detail = fmt::format("{}: cannot be written", options.out)});
  }
  auto& out = options.out.empty() ? std::cout : file;
  const auto beside = write_lines(**store, options, out);
  if (!beside) return unusable("ledger", beside.error());
  out.flush();
  // What became of standard output, main() says.
  if (!out && options.out.empty()) return 0;
  if (!out)
    return unusable("ledger",
                    {.code = Errc::unavailable, .detail = "the export could not be written"});
  if (!options.out.empty()) {
    std::ofstream head{options.out + ".head", std::ios::trunc};
    head << to_json(*beside) << '\n';
    head.flush();
    if (!head)
      return unusable("ledger",
                      {.code = Errc::unavailable,
                       .detail = fmt::format("{}.head: cannot be written", options.out)});
  }
  fmt::print(stderr, "head {} at {}\n", beside->head.hash, beside->head.seq);
  return 0;
}

}  // namespace

void add_ledger_export(CLI::App& ledger, Run& run) {
  const auto options = std::make_shared<ExportOptions>();
  auto* copied =
      ledger.add_subcommand("export", "Write a tenant's entries, one JSON object a line");
  options->place.add_to(*copied);
  copied->add_option("--tenant", options->tenant, "Whose")->required();
  copied->add_option("--from", options->from, "The first entry's number")->capture_default_str();
  copied->add_option("--out",
                     options->out,
                     "File to write; the chain's head goes to FILE.head (default: standard output; "
                     "the head is always on standard error)");
  copied->footer("Example:\n  sallyport ledger export --tenant acme --out acme.jsonl");
  copied->callback([&run, options] { run = [options] { return export_lines(*options); }; });
}

}  // namespace sallyport::app
