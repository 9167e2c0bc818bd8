#include "engine/app/commands/ledger_commands.hpp"
#include "engine/app/commands/store_place.hpp"
#include "engine/app/ledger_copy.hpp"
#include "engine/audit/checkpoint.hpp"
#include "engine/base/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

namespace sallyport::app {

namespace {

struct VerifyOptions {
  StorePlace place;
  std::string tenant;
  std::string file;
  std::string head;
  std::string public_key;
  bool json = false;
};

int print_report(std::string_view what,
                 const store::LedgerReport& report,
                 const audit::CheckpointCheck* check,
                 bool as_json) {
  // Asked whether the chain is signed, "no part of it" is a no.
  const bool unsigned_ = check && report.holds && report.entries > 0 && check->signed_to() == 0;
  if (as_json) {
    json::object line{{"of", what},
                      {"holds", report.holds},
                      {"entries", report.entries},
                      {"seq", report.head.seq},
                      {"head", report.head.hash}};
    if (!report.holds) line["first_bad_seq"] = report.first_bad_seq;
    if (!report.why.empty()) line["why"] = report.why;
    if (check) {
      line["checkpoints"] = check->checkpoints();
      line["signed_to"] = check->signed_to();
    }
    fmt::print("{}\n", to_json(line));
  } else if (!report.holds) {
    fmt::print("{} does not hold: {}\n", what, report.why);
  } else {
    fmt::print("{} {} entries, head {}\n", what, report.entries, report.head.hash);
    if (unsigned_) {
      fmt::print("{} is not signed: no checkpoint covers any of it\n", what);
    } else if (check) {
      fmt::print("{} signed up to entry {} ({} checkpoints)\n",
                 what,
                 check->signed_to(),
                 check->checkpoints());
    }
  }
  return report.holds && !unsigned_ ? 0 : 1;
}

int verify_store(const VerifyOptions& options, const std::optional<audit::PublicKey>& key) {
  const auto store = options.place.open();
  if (!store) return unusable("ledger", store.error());
  const auto tenants = asked_tenants(**store, options.tenant);
  if (!tenants) return unusable("ledger", tenants.error());
  int status = 0;
  for (const auto& tenant : *tenants) {
    std::optional<audit::CheckpointCheck> check;
    if (key) check.emplace(*key);
    const auto report = store::verify_ledger(
        **store, tenant, check ? store::EntryCheck{std::ref(*check)} : store::EntryCheck{});
    if (!report) return unusable("ledger", report.error());
    status =
        std::max(status, print_report(tenant, *report, check ? &*check : nullptr, options.json));
  }
  return status;
}

/// What stands beside an export. Errors: corrupt, and those of read_file.
Result<ExportHead> head_beside(const std::string& file) {
  const auto text = read_file(file + ".head");
  if (!text) return std::unexpected{text.error()};
  auto head = from_json<ExportHead>(*text);
  if (!head) return fail(Errc::corrupt, fmt::format("{}.head: {}", file, head.error().detail));
  return head;
}

int verify_file(const VerifyOptions& options, const std::optional<audit::PublicKey>& key) {
  std::ifstream lines{options.file, std::ios::binary};
  if (!lines || std::filesystem::is_directory(options.file)) {
    return unusable(
        "ledger",
        {.code = Errc::invalid_input, .detail = fmt::format("{}: cannot be read", options.file)});
  }
  const auto beside = head_beside(options.file);
  if (!beside && beside.error().code != Errc::not_found) return unusable("ledger", beside.error());
  std::optional<audit::CheckpointCheck> check;
  if (key) check.emplace(*key, beside ? beside->before : store::LedgerHead{});
  const auto report = verify_copy(lines,
                                  beside ? std::optional{*beside} : std::nullopt,
                                  options.head,
                                  check ? &*check : nullptr);
  const bool compared = beside || !options.head.empty();
  if (report.holds && report.entries == 0 && !compared)
    return unusable("ledger",
                    {.code = Errc::invalid_input,
                     .detail = fmt::format("{}: there is no entry in it", options.file)});
  if (report.holds && !report.why.empty()) {
    fmt::print(
        stderr, "sallyport ledger: no --head and no {}.head: {}\n", options.file, report.why);
  }
  return print_report(options.file, report, check ? &*check : nullptr, options.json);
}

int verify(const VerifyOptions& options) {
  std::optional<audit::PublicKey> key;
  if (!options.public_key.empty()) {
    auto loaded = audit::PublicKey::load(options.public_key);
    if (!loaded) return unusable("ledger", loaded.error());
    key = *std::move(loaded);
  }
  return options.file.empty() ? verify_store(options, key) : verify_file(options, key);
}

int print_public_key(const StorePlace& place) {
  const auto directory = place.directory();
  if (!directory) return unusable("ledger", directory.error());
  const auto key = audit::public_key_of(*directory);
  if (!key) return unusable("ledger", key.error());
  fmt::print("{}", key->pem());
  fmt::print(stderr, "{}\n", key->id());
  return 0;
}

}  // namespace

void add_ledger_verify(Command ledger, Run& run) {
  const auto options = std::make_shared<VerifyOptions>();
  auto proven = ledger.add_subcommand(
      "verify",
      "Walk the chain: 0 and the head's hash, or 1 and the first entry that does not hold");
  options->place.add_to(proven);
  proven.add_option("--tenant", options->tenant, "Only this tenant's");
  proven.add_option("file", options->file, "An export instead of the store").value_name("EXPORT");
  proven.add_option("--head",
                    options->head,
                    "The hash that the export must end with (default: from EXPORT.head)");
  proven
      .add_option("--public-key",
                  options->public_key,
                  "The engine's public key (PEM): every checkpoint's signature must hold, and at "
                  "least one must be there")
      .value_name("FILE");
  proven.add_flag("--json", options->json, "One JSON object per chain");
  proven.footer(
      "Entries missing at the end of an export are only seen against its head. With --public-key "
      "it\nsays up to which entry the chain is signed.\n"
      "Examples:\n  sallyport ledger verify acme.jsonl --head sha256:...\n"
      "  sallyport ledger verify --public-key ledger.pub acme.jsonl");
  proven.callback([&run, options] { run = [options] { return verify(*options); }; });

  auto shown_key = ledger.add_subcommand(
      "public-key", "Print the key (PEM) that the ledger's signatures are checked with");
  const auto place = std::make_shared<StorePlace>();
  place->add_to(shown_key);
  shown_key.footer("Example:\n  sallyport ledger public-key --data data > ledger.pub");
  shown_key.callback([&run, place] { run = [place] { return print_public_key(*place); }; });
}

}  // namespace sallyport::app
