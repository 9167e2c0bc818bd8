#include "engine/store/ledger.hpp"

#include "engine/app/commands/commands.hpp"
#include "engine/audit/checkpoint.hpp"
#include "engine/config/settings.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <ranges>
#include <thread>

namespace sallyport::app {

namespace {

/// Where an export's end, and what came before it, are kept: FILE.head.
struct ExportHead {
  std::string tenant;
  store::LedgerHead before;
  store::LedgerHead head;
};

BOOST_DESCRIBE_STRUCT(ExportHead, (), (tenant, before, head))

struct LedgerOptions {
  std::string config;
  std::string data;
  std::string tenant;
  std::uint64_t n = 20;
  bool follow = false;
  bool json = false;
  std::string file;
  std::string head;
  std::uint64_t from = 1;
  std::string out;
  std::string public_key;
  store::LedgerQuery decisions;  ///< Of tail: what is asked of decisions.
};

int unusable(const Error& error) {
  fmt::print(stderr, "sallyport ledger: {}\n", error.detail);
  return 2;
}

Result<std::filesystem::path> data_directory(const LedgerOptions& options) {
  if (!options.data.empty()) return options.data;
  const auto settings = config::load_settings(options.config);
  if (!settings) return std::unexpected{settings.error()};
  return settings->data_dir;
}

/// The store as it is on disk, whether an engine has it open or not.
Result<std::unique_ptr<store::Store>> look_at(const LedgerOptions& options) {
  const auto directory = data_directory(options);
  if (!directory) return std::unexpected{directory.error()};
  return store::Store::open({.directory = *directory, .read_only = true});
}

/// The asked tenant, or all. Errors: not_found.
Result<std::vector<std::string>> asked_tenants(const store::Store& store,
                                               const LedgerOptions& options) {
  auto tenants = store::ledger_tenants(store);
  if (!tenants || options.tenant.empty()) return tenants;
  if (std::ranges::find(*tenants, options.tenant) == tenants->end()) {
    return fail(
        Errc::not_found,
        fmt::format("no tenant '{}' in {}; it has {}",
                    options.tenant,
                    options.data,
                    tenants->empty() ? "none" : fmt::format("{}", fmt::join(*tenants, ", "))));
  }
  return std::vector{options.tenant};
}

/// Control characters would let a body move the reader's cursor. JSON escapes all but DEL.
void print_entry(std::string_view line, bool as_json) {
  const auto entry = as_json ? fail(Errc::corrupt, "") : from_json<model::LedgerEntry>(line);
  if (!entry) {
    fmt::print("{}\n", line);
    return;
  }
  fmt::print("{} {:>6} {:<10} {:<15} {:<28} {} {}\n",
             to_rfc3339(entry->at),
             entry->seq,
             entry->tenant,
             name_of(entry->kind),
             to_json(entry->subject),
             to_json(entry->actor.id),
             to_json(entry->body));
}

/// Prints what each tenant has after `seen`, and moves it on.
Result<bool> print_new(const store::Store& store,
                       const std::vector<std::string>& tenants,
                       std::map<std::string, std::uint64_t>& seen,
                       const LedgerOptions& options) {
  for (const auto& tenant : tenants) {
    const auto [at, first_time] = seen.emplace(tenant, 0);
    if (first_time) {
      const auto head = store::ledger_head(store, tenant);
      if (!head) return std::unexpected{head.error()};
      at->second = head->seq > options.n ? head->seq - options.n : 0;
    }
    const auto read = store::read_ledger(
        store, tenant, at->second + 1, [&](std::uint64_t seq, std::string_view line) {
          print_entry(line, options.json);
          at->second = seq;
          return std::ferror(stdout) == 0;
        });
    if (!read) return std::unexpected{read.error()};
  }
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

/// The newest of each tenant's decisions that are asked for, oldest first; 1 when there are none.
int print_decisions(const store::Store& store, const LedgerOptions& options) {
  const auto tenants = asked_tenants(store, options);
  if (!tenants) return unusable(tenants.error());
  auto query = options.decisions;
  query.kinds = {model::EntryKind::decided};
  query.newest_first = true;
  query.limit = options.n;
  bool any = false;
  for (const auto& tenant : *tenants) {
    std::vector<std::string> lines;
    const auto read =
        store::query_ledger(store, tenant, query, [&](std::uint64_t, std::string_view line) {
          lines.emplace_back(line);
          return true;
        });
    if (!read) return unusable(read.error());
    for (const auto& line : std::views::reverse(lines)) print_entry(line, options.json);
    any = any || !lines.empty();
  }
  return any ? 0 : 1;
}

bool asks_for_decisions(const store::LedgerQuery& query) {
  return !(query.verb.empty() && query.target.empty() && query.decision.empty() &&
           query.reason.empty() && query.actor.empty());
}

int tail(const LedgerOptions& options) {
  const auto store = look_at(options);
  if (!store) return unusable(store.error());
  if (asks_for_decisions(options.decisions)) return print_decisions(**store, options);
  std::map<std::string, std::uint64_t> seen;
  for (bool first = true; first || options.follow; first = false) {
    if (!first) {
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
      if (const auto refreshed = (*store)->refresh(); !refreshed)
        return unusable(refreshed.error());
    }
    // While following, a tenant may be yet to come.
    const auto tenants = asked_tenants(**store, options);
    if (!tenants && !(options.follow && tenants.error().code == Errc::not_found))
      return unusable(tenants.error());
    if (!tenants) continue;
    const auto printed = print_new(**store, *tenants, seen, options);
    if (!printed) return unusable(printed.error());
    if (!*printed) return 0;  // nobody reads on
  }
  return 0;
}

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

int verify_store(const LedgerOptions& options, const std::optional<audit::PublicKey>& key) {
  const auto store = look_at(options);
  if (!store) return unusable(store.error());
  const auto tenants = asked_tenants(**store, options);
  if (!tenants) return unusable(tenants.error());
  int status = 0;
  for (const auto& tenant : *tenants) {
    std::optional<audit::CheckpointCheck> check;
    if (key) check.emplace(*key);
    const auto report = store::verify_ledger(
        **store, tenant, check ? store::EntryCheck{std::ref(*check)} : store::EntryCheck{});
    if (!report) return unusable(report.error());
    status =
        std::max(status, print_report(tenant, *report, check ? &*check : nullptr, options.json));
  }
  return status;
}

/// What stands beside an export. Errors: not_found, corrupt.
Result<ExportHead> head_beside(const std::string& file) {
  std::ifstream stream{file + ".head"};
  if (!stream) return fail(Errc::not_found, "no head file");
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  auto head = from_json<ExportHead>(text);
  if (!head) return fail(Errc::corrupt, fmt::format("{}.head: {}", file, head.error().detail));
  return head;
}

int verify_file(const LedgerOptions& options, const std::optional<audit::PublicKey>& key) {
  std::ifstream lines{options.file, std::ios::binary};
  if (!lines || std::filesystem::is_directory(options.file)) {
    return unusable(
        {.code = Errc::invalid_input, .detail = fmt::format("{}: cannot be read", options.file)});
  }
  const auto beside = head_beside(options.file);
  if (!beside && beside.error().code == Errc::corrupt) return unusable(beside.error());
  std::optional<store::LedgerHead> expected;
  if (beside) expected = beside->head;
  if (!options.head.empty()) expected = store::LedgerHead{.seq = 0, .hash = options.head};
  std::optional<audit::CheckpointCheck> check;
  if (key) check.emplace(*key, beside ? beside->before : store::LedgerHead{});
  const auto report =
      store::verify_export(lines,
                           expected ? &*expected : nullptr,
                           beside ? &beside->before : nullptr,
                           check ? store::EntryCheck{std::ref(*check)} : store::EntryCheck{});
  if (report.holds && !report.why.empty()) {
    fmt::print(
        stderr, "sallyport ledger: no --head and no {}.head: {}\n", options.file, report.why);
  }
  return print_report(options.file, report, check ? &*check : nullptr, options.json);
}

int verify(const LedgerOptions& options) {
  std::optional<audit::PublicKey> key;
  if (!options.public_key.empty()) {
    auto loaded = audit::PublicKey::load(options.public_key);
    if (!loaded) return unusable(loaded.error());
    key = *std::move(loaded);
  }
  return options.file.empty() ? verify_store(options, key) : verify_file(options, key);
}

int print_public_key(const LedgerOptions& options) {
  const auto directory = data_directory(options);
  if (!directory) return unusable(directory.error());
  const auto key = audit::public_key_of(*directory);
  if (!key) return unusable(key.error());
  fmt::print("{}", key->pem());
  fmt::print(stderr, "{}\n", key->id());
  return 0;
}

/// Writes the lines of a tenant from options.from on; where they begin and end.
Result<ExportHead> write_lines(const store::Store& store,
                               const LedgerOptions& options,
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

int export_lines(const LedgerOptions& options) {
  const auto store = look_at(options);
  if (!store) return unusable(store.error());
  const auto tenants = asked_tenants(**store, options);
  if (!tenants) return unusable(tenants.error());
  std::ofstream file;
  if (!options.out.empty()) {
    file.open(options.out, std::ios::binary | std::ios::trunc);
    if (!file)
      return unusable({.code = Errc::invalid_input,
                       .detail = fmt::format("{}: cannot be written", options.out)});
  }
  auto& out = options.out.empty() ? std::cout : file;
  const auto beside = write_lines(**store, options, out);
  if (!beside) return unusable(beside.error());
  out.flush();
  if (!out)
    return unusable({.code = Errc::unavailable, .detail = "the export could not be written"});
  if (!options.out.empty()) {
    std::ofstream head{options.out + ".head", std::ios::trunc};
    head << to_json(*beside) << '\n';
    head.flush();
    if (!head)
      return unusable({.code = Errc::unavailable,
                       .detail = fmt::format("{}.head: cannot be written", options.out)});
  }
  fmt::print(stderr, "head {} at {}\n", beside->head.hash, beside->head.seq);
  return 0;
}

/// Where the store is.
void add_place(CLI::App& command, LedgerOptions& options) {
  command.add_option("--config", options.config, "Settings file that names the data directory")
      ->type_name("FILE");
  command.add_option("--data", options.data, "The data directory itself")->type_name("DIR");
}

}  // namespace

void add_ledger(CLI::App& app, Run& run) {
  auto* ledger = app.add_subcommand("ledger", "Look at the ledger, prove it, take a copy");
  ledger->require_subcommand(1);
  ledger->footer(
      "Works on the store's directory, also while an engine runs on it.\n"
      "Examples:\n"
      "  sallyport ledger tail --follow\n"
      "  sallyport ledger export --tenant acme --out acme.jsonl && sallyport ledger verify "
      "acme.jsonl");
  const auto options = std::make_shared<LedgerOptions>();

  auto* shown = ledger->add_subcommand("tail", "Print the newest entries");
  add_place(*shown, *options);
  shown->add_option("--tenant", options->tenant, "Only this tenant's");
  shown->add_option("-n,--n", options->n, "How many of each tenant's")->capture_default_str();
  auto* follow = shown->add_flag("-f,--follow", options->follow, "Go on with what is appended");
  auto& decisions = options->decisions;
  const auto about = [&](const char* name, std::string& into, const char* what) {
    shown->add_option(name, into, what)->excludes(follow);
  };
  about("--verb", decisions.verb, "Only decisions about this verb");
  about("--target", decisions.target, "Only decisions about this target");
  about("--decision", decisions.decision, "Only this one: auto, queued, blocked");
  about("--reason", decisions.reason, "Only decisions for this reason, e.g. tier, whitelist");
  about("--actor", decisions.actor, "Only decisions that this one asked for");
  shown->add_flag("--json", options->json, "The entries as they are stored, one a line");
  shown->footer(
      "Examples:\n  sallyport ledger tail --tenant acme --n 50 --follow\n"
      "  sallyport ledger tail --verb isolate_host --decision queued");
  shown->callback([&run, options] { run = [options] { return tail(*options); }; });

  auto* proven = ledger->add_subcommand(
      "verify",
      "Walk the chain: 0 and the head's hash, or 1 and the first entry that does not hold");
  add_place(*proven, *options);
  proven->add_option("--tenant", options->tenant, "Only this tenant's");
  proven->add_option("file", options->file, "An export instead of the store")->type_name("EXPORT");
  proven->add_option("--head",
                     options->head,
                     "The hash that the export must end with (default: from EXPORT.head)");
  proven
      ->add_option("--public-key",
                   options->public_key,
                   "The engine's public key (PEM): every checkpoint's signature must hold, and at "
                   "least one must be there")
      ->type_name("FILE");
  proven->add_flag("--json", options->json, "One JSON object per chain");
  proven->footer(
      "Entries missing at the end of an export are only seen against its head. With --public-key "
      "it\nsays up to which entry the chain is signed.\n"
      "Examples:\n  sallyport ledger verify acme.jsonl --head sha256:...\n"
      "  sallyport ledger verify --public-key ledger.pub acme.jsonl");
  proven->callback([&run, options] { run = [options] { return verify(*options); }; });

  auto* shown_key = ledger->add_subcommand(
      "public-key", "Print the key (PEM) that the ledger's signatures are checked with");
  add_place(*shown_key, *options);
  shown_key->footer("Example:\n  sallyport ledger public-key --data data > ledger.pub");
  shown_key->callback([&run, options] { run = [options] { return print_public_key(*options); }; });

  auto* copied =
      ledger->add_subcommand("export", "Write a tenant's entries, one JSON object a line");
  add_place(*copied, *options);
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
