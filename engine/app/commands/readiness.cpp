#include "engine/audit/readiness.hpp"

#include "engine/app/commands/commands.hpp"
#include "engine/app/commands/store_place.hpp"
#include "engine/app/loading.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace sallyport::app {

namespace {

struct ReadinessOptions {
  StorePlace place;
  std::string tenant;
  bool json = false;
};

std::string percent(const std::optional<double>& part) {
  return part ? fmt::format("{:.1f} %", *part * 100) : "not measured";
}

std::string seconds(const std::optional<double>& time) {
  return time ? fmt::format("{:.0f} s", *time) : "not measured";
}

void print_row(const audit::Readiness& row) {
  fmt::print("{}  {} on {} ({}): {}\n",
             row.tenant,
             row.verb,
             to_json(row.target_kind),
             name_of(row.blast_radius),
             row.ready ? "may be promoted" : "not yet");
  fmt::print("    {} decisions: {} by itself, {} queued, {} blocked\n",
             row.decisions,
             row.by_itself,
             row.queued,
             row.blocked);
  fmt::print("    people: {} approved, {} denied, {} expired; changed: not measured\n",
             row.approved,
             row.denied,
             row.expired);
  fmt::print("    {} verified, {} rolled back, {} rollbacks failed\n",
             row.verified,
             row.rolled_back,
             row.rollback_failed);
  fmt::print("    agreement {}, at least {} (Wilson, 95 %)\n",
             percent(row.agreement),
             percent(row.agreement_low));
  fmt::print("    in the queue: median {}, 90 % within {}\n",
             seconds(row.queue_median_s),
             seconds(row.queue_p90_s));
  for (const auto& missing : row.missing) fmt::print("    missing: {}\n", missing);
  if (!row.promote_with.empty())
    fmt::print("    the policy that would do it:\n{}", row.promote_with);
}

int show(const ReadinessOptions& options) {
  const auto catalogue = load_catalogue("");
  if (!catalogue) return unusable("readiness", catalogue.error());
  const auto store = options.place.open();
  if (!store) return unusable("readiness", store.error());
  const auto history = audit::PolicyHistory::load(**store);
  if (!history) return unusable("readiness", history.error());
  const auto tenants = asked_tenants(**store, options.tenant);
  if (!tenants) return unusable("readiness", tenants.error());
  const auto rows = audit::readiness(**store, *history, *catalogue, *tenants, SystemClock{}.now());
  if (!rows) return unusable("readiness", rows.error());
  for (const auto& row : *rows) {
    if (options.json) {
      fmt::print("{}\n", to_json(row));
    } else {
      print_row(row);
    }
  }
  if (rows->empty()) fmt::print(stderr, "sallyport readiness: no decision is on record\n");
  return rows->empty() ? 1 : 0;
}

}  // namespace

void add_readiness(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand(
      "readiness", "Per verb and kind of target: the record, and what is missing to run by itself");
  const auto options = std::make_shared<ReadinessOptions>();
  options->place.add_to(*command);
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->add_flag("--json", options->json, "One JSON object a line");
  command->footer(
      "Reads the ledger in the store's directory, also while an engine runs on it. A verb may be "
      "promoted after\n30 answers of people with an agreement of at least 90 % (lower bound, 95 "
      "%), "
      "a rollback that worked, and a\nreview of the tenant's authority that is not overdue. "
      "Promoting is an edit of the policy, by a person.\nExit status 1: no decision is on "
      "record.\n\n"
      "Example:\n  sallyport readiness --data data --tenant acme");
  command->callback([&run, options] { run = [options] { return show(*options); }; });
}

}  // namespace sallyport::app
