#include "engine/app/commands/ledger_commands.hpp"
#include "engine/app/commands/store_place.hpp"
#include "engine/base/json.hpp"
#include "engine/store/ledger.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <ranges>
#include <thread>

namespace sallyport::app {

namespace {

struct TailOptions {
  StorePlace place;
  std::string tenant;
  std::uint64_t n = 20;
  bool follow = false;
  bool json = false;
  store::LedgerQuery decisions;  ///< What is asked of decisions.
};

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
                       const TailOptions& options) {
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
int print_decisions(const store::Store& store, const TailOptions& options) {
  const auto tenants = asked_tenants(store, options.tenant);
  if (!tenants) return unusable("ledger", tenants.error());
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
    if (!read) return unusable("ledger", read.error());
    for (const auto& line : std::views::reverse(lines)) print_entry(line, options.json);
    any = any || !lines.empty();
  }
  return any ? 0 : 1;
}

bool asks_for_decisions(const store::LedgerQuery& query) {
  return !(query.verb.empty() && query.target.empty() && query.decision.empty() &&
           query.reason.empty() && query.actor.empty());
}

int tail(const TailOptions& options) {
  const auto store = options.place.open();
  if (!store) return unusable("ledger", store.error());
  if (asks_for_decisions(options.decisions)) return print_decisions(**store, options);
  std::map<std::string, std::uint64_t> seen;
  for (bool first = true; first || options.follow; first = false) {
    if (!first) {
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
      if (const auto refreshed = (*store)->refresh(); !refreshed)
        return unusable("ledger", refreshed.error());
    }
    // While following, a tenant may be yet to come.
    const auto tenants = asked_tenants(**store, options.tenant);
    if (!tenants && !(options.follow && tenants.error().code == Errc::not_found))
      return unusable("ledger", tenants.error());
    if (!tenants) continue;
    const auto printed = print_new(**store, *tenants, seen, options);
    if (!printed) return unusable("ledger", printed.error());
    if (!*printed) return 0;  // nobody reads on
  }
  return 0;
}

}  // namespace

void add_ledger_tail(CLI::App& ledger, Run& run) {
  const auto options = std::make_shared<TailOptions>();
  auto* shown = ledger.add_subcommand("tail", "Print the newest entries");
  options->place.add_to(*shown);
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
}

}  // namespace sallyport::app
