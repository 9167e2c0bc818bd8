#include "engine/app/commands/ledger_commands.hpp"
#include "engine/app/commands/store_place.hpp"
#include "engine/app/ledger_copy.hpp"

#include <fmt/format.h>

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
  const auto beside = export_ledger(**store, options.tenant, options.from, out);
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

void add_ledger_export(Command ledger, Run& run) {
  const auto options = std::make_shared<ExportOptions>();
  auto copied = ledger.add_subcommand("export", "Write a tenant's entries, one JSON object a line");
  options->place.add_to(copied);
  copied.add_option("--tenant", options->tenant, "Whose").required();
  copied.add_option("--from", options->from, "The first entry's number").shows_default();
  copied.add_option("--out",
                    options->out,
                    "File to write; the chain's head goes to FILE.head (default: standard output; "
                    "the head is always on standard error)");
  copied.footer("Example:\n  sallyport ledger export --tenant acme --out acme.jsonl");
  copied.callback([&run, options] { run = [options] { return export_lines(*options); }; });
}

}  // namespace sallyport::app
