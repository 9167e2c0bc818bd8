#include "engine/app/commands/ledger_commands.hpp"
#include "engine/app/commands/store_place.hpp"
#include "engine/base/json.hpp"
#include "engine/model/decision.hpp"
#include "engine/store/ledger.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
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
  std::string from;
  std::string to;
  store::LedgerQuery asked;  ///< What is asked of decisions, and when.
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

/// The newest of each tenant's entries that are asked for, oldest first; 1 when there are none.
int print_found(const store::Store& store, const TailOptions& options, store::LedgerQuery query) {
  const auto tenants = asked_tenants(store, options.tenant);
  if (!tenants) return unusable("ledger", tenants.error());
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

/// A word that no decision has would find nothing, as if nothing had been decided so.
template <class E>
Result<> is_one_of(const char* option, const std::string& text) {
  if (text.empty() || enum_of<E>(text)) return {};
  std::string known;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    known += ' ';
    known += name_of(d.value);
  });
  return fail(Errc::invalid_input, fmt::format("{}: '{:.60}' is none of{}", option, text, known));
}

Result<std::optional<Time>> time_of(const char* option, const std::string& text) {
  if (text.empty()) return std::optional<Time>{};
  const auto time = parse_rfc3339(text);
  if (!time) return fail(Errc::invalid_input, fmt::format("{}: {}", option, time.error().detail));
  return std::optional{*time};
}

/// Errors: invalid_input, naming the option.
Result<store::LedgerQuery> query_of(const TailOptions& options) {
  auto query = options.asked;
  if (const auto known = is_one_of<model::Ruling>("--decision", query.decision); !known)
    return std::unexpected{known.error()};
  if (const auto known = is_one_of<model::Reason>("--reason", query.reason); !known)
    return std::unexpected{known.error()};
  const auto from = time_of("--from", options.from);
  if (!from) return std::unexpected{from.error()};
  const auto to = time_of("--to", options.to);
  if (!to) return std::unexpected{to.error()};
  query.from = *from;
  query.to = *to;
  if (asks_for_decisions(query)) query.kinds = {model::EntryKind::decided};
  return query;
}

int tail(const TailOptions& options) {
  const auto query = query_of(options);
  if (!query) return unusable("ledger", query.error());
  const auto store = options.place.open();
  if (!store) return unusable("ledger", store.error());
  if (!query->kinds.empty() || !query->subject.empty() || query->from || query->to)
    return print_found(**store, options, *query);
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

void add_ledger_tail(Command ledger, Run& run) {
  const auto options = std::make_shared<TailOptions>();
  auto shown = ledger.add_subcommand("tail", "Print the newest entries");
  options->place.add_to(shown);
  shown.add_option("--tenant", options->tenant, "Only this tenant's");
  shown.add_option("-n,--n", options->n, "How many of each tenant's").shows_default();
  auto follow = shown.add_flag("-f,--follow", options->follow, "Go on with what is appended");
  auto& asked = options->asked;
  const auto about = [&](const char* name, std::string& into, const char* what) {
    shown.add_option(name, into, what).excludes(follow);
  };
  about("--verb", asked.verb, "Only decisions about this verb");
  about("--target", asked.target, "Only decisions about this target");
  about("--decision", asked.decision, "Only this one: auto, queued, blocked");
  about("--reason", asked.reason, "Only decisions for this reason, e.g. tier, whitelist");
  about("--actor", asked.actor, "Only decisions that this one asked for");
  about("--subject", asked.subject, "Only what became of this alert, investigation or action");
  about("--from", options->from, "Only what happened then or later (RFC 3339)");
  about("--to", options->to, "Only what happened before that");
  shown.add_flag("--json", options->json, "The entries as they are stored, one a line");
  shown.footer(
      "Examples:\n  sallyport ledger tail --tenant acme --n 50 --follow\n"
      "  sallyport ledger tail --verb isolate_host --decision queued --from 2026-11-01\n"
      "Exit status 1: nothing is found that was asked for.");
  shown.callback([&run, options] { run = [options] { return tail(*options); }; });
}

}  // namespace sallyport::app
